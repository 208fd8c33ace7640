// One sample, one prediction, every loss of the chapter: what it costs and how hard it pulls.
// Fills every <div class="nn-interactive" data-demo="losses">; without JavaScript the table inside stays.
document.addEventListener("DOMContentLoaded", () => {
  const sigmoid = (z) => (z >= 0 ? 1 / (1 + Math.exp(-z)) : Math.exp(z) / (1 + Math.exp(z)));
  const logCosh = (e) => Math.abs(e) + Math.log1p(Math.exp(-2 * Math.abs(e))) - Math.LN2;
  const f32 = Math.fround;

  // Each loss returns [cost, slope for the prediction].
  const numberLosses = [
    ["squared error", "#0072B2", "", (y, p) => [(p - y) ** 2, 2 * (p - y)]],
    ["absolute error", "#D55E00", "8 4", (y, p) => [Math.abs(p - y), Math.sign(p - y)]],
    ["Huber", "#009E73", "8 3 2 3", (y, p, delta) => {
      const e = Math.abs(p - y), capped = Math.min(e, delta);
      return [capped * (e - capped / 2), Math.sign(p - y) * capped];
    }],
    ["log-cosh", "#CC79A7", "2 3", (y, p) => [logCosh(p - y), Math.tanh(p - y)]],
    ["per cent / 100", "#E69F00", "12 3 2 3 2 3", (y, p) => {
      const scale = Math.max(Math.abs(y), 1e-7);
      return [Math.abs(p - y) / scale, Math.sign(p - y) / scale];
    }],
  ];
  const clipped = (y, z) => {
    const low = f32(1e-7), high = f32(1 - low), p = f32(sigmoid(z));
    const q = Math.min(Math.max(p, low), high);
    const cost = y ? -Math.log(q) : -Math.log(f32(1 - q));
    return [cost, q === p ? sigmoid(z) - y : 0];
  };
  const margin = (cost, slope) => (y, s) => {
    const sign = 2 * y - 1;
    return [cost(sign * s), sign * slope(sign * s)];
  };
  const yesNoLosses = [
    ["cross-entropy, from the logit", "#0072B2", "",
      (y, z) => [Math.max(z, 0) - z * y + Math.log1p(Math.exp(-Math.abs(z))), sigmoid(z) - y]],
    ["cross-entropy, from a float32 p", "#D55E00", "8 4", clipped],
    ["squared error of p", "#009E73", "8 3 2 3", (y, z) => {
      const p = sigmoid(z);
      return [(p - y) ** 2, 2 * (p - y) * p * (1 - p)];
    }],
    ["hinge", "#CC79A7", "2 3", margin((m) => Math.max(0, 1 - m), (m) => (m <= 1 ? -1 : 0))],
    ["squared hinge", "#E69F00", "12 3 2 3 2 3",
      margin((m) => Math.max(0, 1 - m) ** 2, (m) => -2 * Math.max(0, 1 - m))],
    ["smooth hinge", "#56B4E9", "5 2",
      margin((m) => (m <= 0 ? 0.5 - m : Math.max(0, 1 - m) ** 2 / 2), (m) => -Math.min(1, Math.max(0, 1 - m)))],
    ["exponential", "#808080", "1 3", margin((m) => Math.exp(-m), (m) => -Math.exp(-m))],
  ];
  const modes = {
    number: { losses: numberLosses, low: -5, high: 5, top: 8, step: 0.05, start: 3.75, name: "prediction ŷ" },
    yesno: { losses: yesNoLosses, low: -20, high: 20, top: 20, step: 0.1, start: 6, name: "logit z, or score s" },
  };

  const css = `
    .nn-losses fieldset, .nn-losses .line { border: 0; padding: 0; margin: .4rem 0; display: flex; flex-wrap: wrap;
      gap: .3rem 1rem; align-items: center; }
    .nn-losses input[type=range] { flex: 1 1 6rem; min-width: 6rem; accent-color: var(--pst-color-primary, #0072B2); }
    .nn-losses .line label { min-width: 6.5rem; }
    .nn-losses output { min-width: 3.5em; font-variant-numeric: tabular-nums; }
    .nn-losses svg { display: block; width: 100%; touch-action: pan-y; cursor: ew-resize; overflow: hidden; }
    .nn-losses svg text { fill: currentColor; font-size: 12px; }
    .nn-losses table { width: 100%; border-collapse: collapse; font-size: .9rem; margin: .4rem 0; }
    .nn-losses td, .nn-losses th { padding: .15rem .4rem; text-align: right; font-variant-numeric: tabular-nums;
      border-bottom: 1px solid var(--pst-color-border, #8884); }
    .nn-losses td:first-child, .nn-losses th:first-child { text-align: left; font-weight: normal; }
    .nn-losses table svg { display: inline-block; width: 34px; height: 8px; vertical-align: middle; margin-right: .4rem; }`;

  const show = (x) => {
    if (Math.abs(x) >= 1e5) return x.toExponential(2).replace("e+", "e");
    if (x !== 0 && Math.abs(x) < 5e-5) return x.toExponential(1);
    return (Math.abs(x) < 100 ? x.toFixed(4) : x.toFixed(1)).replace("-", "−");
  };
  const svg = (name, attributes) => {
    const node = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
    return node;
  };

  document.querySelectorAll('.nn-interactive[data-demo="losses"]').forEach((root, index) => {
    const id = `nn-losses-${index}`;
    root.innerHTML = `<style>${css}</style><div class="nn-losses">
      <fieldset><legend class="visually-hidden">What is predicted</legend>
        <label><input type="radio" name="${id}-mode" value="number" checked> a number</label>
        <label><input type="radio" name="${id}-mode" value="yesno"> yes or no</label></fieldset>
      <div class="line" data-for="number"><label for="${id}-target">target y</label>
        <input id="${id}-target" type="range" min="-3" max="3" step="0.05" value="2"><output></output></div>
      <div class="line" data-for="number"><label for="${id}-delta">Huber's δ</label>
        <input id="${id}-delta" type="range" min="0.1" max="4" step="0.1" value="1"><output></output></div>
      <fieldset data-for="yesno"><legend class="visually-hidden">The truth</legend>the truth:
        <label><input type="radio" name="${id}-y" value="0" checked> no (y = 0)</label>
        <label><input type="radio" name="${id}-y" value="1"> yes (y = 1)</label></fieldset>
      <div class="line"><label for="${id}-pred"></label>
        <input id="${id}-pred" type="range"><output></output></div>
      <svg class="plot" height="260" aria-hidden="true"></svg>
      <table><caption class="visually-hidden">Loss and slope at this prediction</caption>
        <thead><tr><th scope="col">loss</th><th scope="col">costs</th><th scope="col">slope</th></tr></thead>
        <tbody></tbody></table></div>`;
    const find = (selector) => root.querySelector(selector);
    const target = find(`#${id}-target`), delta = find(`#${id}-delta`), pred = find(`#${id}-pred`);
    const plot = find("svg.plot"), body = find("tbody");
    const [left, right, top, bottom] = [30, 8, 8, 34];
    let mode, name;

    const x = (value) => left + ((value - mode.low) / (mode.high - mode.low)) * (plot.clientWidth - left - right);
    const y = (cost) => 260 - bottom - (cost / mode.top) * (260 - top - bottom);
    const truth = () => (name === "number" ? +target.value : +find(`input[name="${id}-y"]:checked`).value);

    function draw() {
      const at = +pred.value, wanted = truth(), width = plot.clientWidth;
      root.querySelectorAll(".line").forEach((row) => {
        row.querySelector("output").textContent = (+row.querySelector("input").value).toFixed(2).replace("-", "−");
      });
      if (name === "yesno") pred.nextElementSibling.textContent += ` (p = ${sigmoid(at).toPrecision(3)})`;
      plot.replaceChildren();
      for (let k = 0; k <= 4; k++) {
        const cost = (mode.top * k) / 4, value = mode.low + ((mode.high - mode.low) * k) / 4;
        plot.append(svg("line", { x1: left, x2: width - right, y1: y(cost), y2: y(cost), stroke: "#8886" }));
        const across = svg("text", { x: left - 5, y: y(cost) + 4, "text-anchor": "end" });
        across.textContent = cost;
        const below = svg("text", { x: x(value), y: 260 - bottom + 15, "text-anchor": k < 4 ? "middle" : "end" });
        below.textContent = String(value).replace("-", "−");
        plot.append(across, below);
      }
      const axis = svg("text", { x: (left + width) / 2, y: 257, "text-anchor": "middle" });
      axis.textContent = mode.name;
      plot.append(axis, svg("line", { x1: x(at), x2: x(at), y1: top, y2: 260 - bottom, stroke: "currentColor",
        "stroke-dasharray": "3 3" }));
      if (name === "number") {
        plot.append(svg("path", { d: `M${x(wanted)} ${y(0) - 7}l6 7l-6 7l-6 -7z`, fill: "currentColor" }));
      }
      mode.losses.forEach(([label, colour, dash, loss], k) => {
        const points = [];
        for (let i = 0; i <= 400; i++) {
          const value = mode.low + ((mode.high - mode.low) * i) / 400;
          const cost = loss(wanted, value, +delta.value)[0];
          points.push(`${x(value).toFixed(1)},${y(Math.min(cost, 3 * mode.top)).toFixed(1)}`);
        }
        plot.append(svg("polyline", { points: points.join(" "), fill: "none", stroke: colour, "stroke-width": 2,
          "stroke-dasharray": dash }));
        const [cost, slope] = loss(wanted, at, +delta.value);
        if (cost <= mode.top) plot.append(svg("circle", { cx: x(at), cy: y(cost), r: 5, fill: colour }));
        body.rows[k].cells[1].textContent = show(cost);
        body.rows[k].cells[2].textContent = show(slope);
      });
    }

    function choose() {
      name = find(`input[name="${id}-mode"]:checked`).value;
      mode = modes[name];
      root.querySelectorAll("[data-for]").forEach((node) => {
        node.style.display = node.dataset.for === name ? "" : "none";
      });
      Object.assign(pred, { min: mode.low, max: mode.high, step: mode.step, value: mode.start });
      find(`label[for="${id}-pred"]`).textContent = mode.name;
      body.innerHTML = mode.losses.map(([label, colour, dash]) => `<tr><th scope="row">
        <svg aria-hidden="true"><line x1="0" x2="34" y1="4" y2="4" stroke="${colour}" stroke-width="3"
        stroke-dasharray="${dash}"/></svg>${label}</th><td></td><td></td></tr>`).join("");
      draw();
    }

    const follow = (event) => {
      const box = plot.getBoundingClientRect();
      const part = (event.clientX - box.left - left) / (box.width - left - right);
      pred.value = mode.low + Math.min(1, Math.max(0, part)) * (mode.high - mode.low);
      draw();
    };
    plot.addEventListener("pointerdown", (event) => {
      plot.setPointerCapture(event.pointerId);
      follow(event);
    });
    plot.addEventListener("pointermove", (event) => {
      if (plot.hasPointerCapture(event.pointerId)) follow(event);
    });
    root.addEventListener("input", (event) => (event.target.name === `${id}-mode` ? choose() : draw()));
    choose();
    new ResizeObserver(draw).observe(plot);
  });
});
