// A chain of T steps: its states, and what is left of a gradient of 1 on its way back to each of them.
// Fills every <div class="nn-interactive" data-demo="recurrence-unroll">; without JavaScript the table inside stays.
document.addEventListener("DOMContentLoaded", () => {
  const kinds = {
    linear: {
      label: "linear", weight: "weight u", min: -1.6, max: 1.6, start: 0.9,
      next: (h, x, u) => u * h + x, factor: (h, u) => u,
    },
    tanh: {
      label: "tanh", weight: "weight u", min: -3, max: 3, start: 0.9,
      next: (h, x, u) => Math.tanh(u * h + x), factor: (h, u) => u * (1 - h * h),
    },
    cell: {
      label: "gated cell", weight: "forget gate f", min: 0, max: 1, start: 0.98,
      next: (h, x, f) => f * h + x, factor: (h, f) => f,
    },
  };
  const BLUE = "#0072B2", RED = "#D55E00", FLOOR = 1e-12;
  const css = `
    .nn-unroll fieldset { border: 0; padding: 0; margin: .4rem 0; display: flex; flex-wrap: wrap; gap: .3rem 1rem; }
    .nn-unroll .line { display: grid; grid-template-columns: 9rem 1fr 4rem; column-gap: .75rem; align-items: center; }
    .nn-unroll .line input { min-width: 0; width: 100%; }
    .nn-unroll .line output { text-align: end; }
    .nn-unroll svg { display: block; width: 100%; overflow: hidden; }
    .nn-unroll svg text { fill: currentColor; font-size: 12px; }
    .nn-unroll .said { margin: .4rem 0 0; }
    .nn-unroll .key { display: inline-block; width: .8em; height: .8em; }
    @media (max-width: 36rem) {
      .nn-unroll .line { grid-template-columns: 1fr auto; }
      .nn-unroll .line input { grid-column: 1 / -1; grid-row: 2; }
    }`;
  const minus = (text) => String(text).replace("-", "−");
  const show = (value) => {
    const size = Math.abs(value);
    if (size === 0) return "0";
    if (size >= 1e4 || size < 1e-3) return minus(value.toExponential(1)).replace("e+", "e").replace("e-", "e−");
    return minus(value.toPrecision(3));
  };
  const svg = (name, attributes, text) => {
    const node = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
    if (text !== undefined) node.textContent = text;
    return node;
  };

  document.querySelectorAll('.nn-interactive[data-demo="recurrence-unroll"]').forEach((root, index) => {
    const id = `nn-unroll-${index}`;
    root.innerHTML = `<style>${css}</style><div class="nn-unroll">
      <fieldset><legend>From a step to the next</legend>${Object.entries(kinds).map(([key, kind], k) => `
        <label><input type="radio" name="${id}-kind" value="${key}" ${k ? "" : "checked"}> ${kind.label}</label>`).join("")}
      </fieldset>
      <div class="line"><label for="${id}-steps">steps T</label>
        <input id="${id}-steps" type="range" min="2" max="60" step="1" value="20"><output></output></div>
      <div class="line"><label for="${id}-weight"></label>
        <input id="${id}-weight" type="range" step="0.01"><output></output></div>
      <div class="line"><label for="${id}-first">first input</label>
        <input id="${id}-first" type="range" min="0.1" max="3" step="0.1" value="1"><output></output></div>
      <p class="said"><span class="key" style="background:${BLUE}"></span> state, after an input at step 1 and zeros</p>
      <svg class="states" height="130" aria-hidden="true"></svg>
      <p class="said"><span class="key" style="background:${RED}"></span> size of the gradient of the last state for each state</p>
      <svg class="gradients" height="190" aria-hidden="true"></svg>
      <p class="said" aria-live="polite"></p></div>`;
    const find = (selector) => root.querySelector(selector);
    const steps = find(`#${id}-steps`), weight = find(`#${id}-weight`), first = find(`#${id}-first`);
    const said = find("p[aria-live]"), left = 46, right = 10;
    const name = () => find(`input[name="${id}-kind"]:checked`).value;

    function frame(plot, height, labels, y, T) {
      const x = (t) => left + ((t - 1) / (T - 1)) * (plot.clientWidth - left - right);
      plot.replaceChildren();
      for (const [value, label] of labels) {
        plot.append(svg("line", { x1: left, x2: plot.clientWidth - right, y1: y(value), y2: y(value), stroke: "#8886" }));
        plot.append(svg("text", { x: left - 6, y: y(value) + 4, "text-anchor": "end" }, label));
      }
      const ends = new Set([1, Math.round((T + 1) / 2), T]);
      for (const t of ends) {
        plot.append(svg("text", { x: x(t), y: height - 4, "text-anchor": t === T ? "end" : "middle" }, t));
      }
      return x;
    }

    function draw() {
      const kind = kinds[name()], T = +steps.value, u = +weight.value;
      const values = [[steps, T], [weight, u.toFixed(2)], [first, (+first.value).toFixed(1)]];
      for (const [control, text] of values) {
        control.nextElementSibling.textContent = minus(text);
        control.setAttribute("aria-valuetext", minus(text));
      }
      const h = [];
      for (let t = 0; t < T; t++) h.push(kind.next(t ? h[t - 1] : 0, t ? 0 : +first.value, u));
      const back = Array(T).fill(1);
      for (let t = T - 1; t > 0; t--) back[t - 1] = back[t] * kind.factor(h[t], u);

      const states = find("svg.states"), size = Math.max(1, ...h.map(Math.abs));
      const up = (value) => 58 - (value / size) * 48;
      const x = frame(states, 130, [[size, show(size)], [0, "0"], [-size, show(-size)]], up, T);
      states.append(svg("polyline", { fill: "none", stroke: BLUE, "stroke-width": 2,
        points: h.map((value, t) => `${x(t + 1).toFixed(1)},${up(value).toFixed(1)}`).join(" ") }));
      h.forEach((value, t) => states.append(svg("circle", { cx: x(t + 1), cy: up(value), r: 3, fill: BLUE })));

      const plot = find("svg.gradients");
      const needed = Math.max(...back.map((value) => Math.abs(Math.log10(Math.max(Math.abs(value), FLOOR)))));
      const decades = [2, 4, 8].find((one) => one >= needed) ?? 12;
      const at = (value) => {
        const exponent = Math.log10(Math.max(Math.abs(value), FLOOR));
        return 85 - (Math.max(-decades, Math.min(decades, exponent)) / decades) * 75;
      };
      const raised = (n) => "10" + [...String(n)].map((c) => "⁰¹²³⁴⁵⁶⁷⁸⁹"[c] ?? "⁻").join("");
      const lines = [-1, -0.5, 0, 0.5, 1].map((part) => {
        const n = part * decades;
        return [10 ** n, n ? raised(n) : "1"];
      });
      const across = frame(plot, 190, lines, at, T);
      plot.append(svg("polyline", { fill: "none", stroke: RED, "stroke-width": 2,
        points: back.map((value, t) => `${across(t + 1).toFixed(1)},${at(value).toFixed(1)}`).join(" ") }));
      back.forEach((value, t) => plot.append(svg("circle", { cx: across(t + 1), cy: at(value), r: 3, fill: RED })));
      said.textContent = `After ${T} steps the state is ${show(h[T - 1])}. `
        + `Its gradient for the state after step 1 is ${show(back[0])}.`;
    }

    function choose() {
      const kind = kinds[name()];
      Object.assign(weight, { min: kind.min, max: kind.max, value: kind.start });
      find(`label[for="${id}-weight"]`).textContent = kind.weight;
      draw();
    }
    root.addEventListener("input", (event) => (event.target.name === `${id}-kind` ? choose() : draw()));
    choose();
    new ResizeObserver(draw).observe(root);
  });
});
