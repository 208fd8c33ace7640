// Two things to try: a polynomial on noisy points, with a degree and a penalty; and early stopping, epoch by epoch.
// Each fills every <div class="nn-interactive" data-demo="...">; without JavaScript the table inside stays.
document.addEventListener("DOMContentLoaded", () => {
  const BLUE = "#0072B2", RED = "#D55E00", GREEN = "#009E73";
  const svg = (name, attributes, text) => {
    const node = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
    if (text !== undefined) node.textContent = text;
    return node;
  };
  const minus = (text) => String(text).replace("-", "−");
  const css = `
    .nn-overfit .line { display: flex; flex-wrap: wrap; gap: .3rem 1rem; align-items: center; margin: .4rem 0; }
    .nn-overfit .line label { min-width: 5.5rem; }
    .nn-overfit input[type=range] { flex: 1 1 6rem; min-width: 6rem; }
    .nn-overfit output { min-width: 5em; }
    .nn-overfit svg { display: block; width: 100%; overflow: hidden; }
    .nn-overfit svg text { fill: currentColor; font-size: 12px; }
    .nn-overfit .said { margin: .4rem 0; font-variant-numeric: tabular-nums; }
    .nn-overfit .said b { font-weight: 600; }`;

  // ---- the noisy wave

  const wave = (x) => Math.sin(Math.PI * x);
  const row = (x, degree) => {    // Chebyshev polynomials 0 to degree at x
    const found = [1, x];
    for (let k = 2; k <= degree; k++) found.push(2 * x * found[k - 1] - found[k - 2]);
    return found.slice(0, degree + 1);
  };
  function fit([xs, ys], degree, penalty) {    // normal equations, the constant not penalised
    const size = degree + 1, rows = xs.map((x) => row(x, degree));
    const table = [...Array(size).keys()].map((i) => [
      ...[...Array(size).keys()].map((j) => rows.reduce((sum, r) => sum + r[i] * r[j], 0) + (i === j && i ? penalty : 0)),
      rows.reduce((sum, r, n) => sum + r[i] * ys[n], 0)]);
    for (let i = 0; i < size; i++) {
      let best = i;
      for (let k = i + 1; k < size; k++) if (Math.abs(table[k][i]) > Math.abs(table[best][i])) best = k;
      [table[i], table[best]] = [table[best], table[i]];
      for (let k = 0; k < size; k++) {
        if (k === i) continue;
        const factor = table[k][i] / table[i][i];
        for (let j = i; j <= size; j++) table[k][j] -= factor * table[i][j];
      }
    }
    return table.map((line, i) => line[size] / line[i]);
  }
  const at = (c, x) => row(x, c.length - 1).reduce((sum, value, k) => sum + c[k] * value, 0);
  const error = (c, [xs, ys]) => xs.reduce((sum, x, n) => sum + (at(c, x) - ys[n]) ** 2, 0) / xs.length;
  function random(seed) {    // mulberry32, and from it a normal number
    const uniform = () => {
      seed = (seed + 0x6d2b79f5) | 0;
      let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
      t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
      return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
    };
    return { uniform, normal: () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform()) };
  }

  document.querySelectorAll('.nn-interactive[data-demo="overfitting"]').forEach((root, index) => {
    const id = `nn-overfitting-${index}`, given = JSON.parse(root.dataset.points);
    root.innerHTML = `<style>${css}</style><div class="nn-overfit">
      <div class="line"><label for="${id}-degree">degree</label>
        <input id="${id}-degree" type="range" min="0" max="14" value="14"><output></output></div>
      <div class="line"><label for="${id}-penalty">penalty λ</label>
        <input id="${id}-penalty" type="range" min="0" max="24" value="0"><output></output></div>
      <div class="line"><button type="button">draw other points</button><span class="draw"></span></div>
      <svg class="points" height="240" aria-hidden="true"></svg>
      <p class="said" role="status"></p>
      <svg class="errors" height="170" aria-hidden="true"></svg></div>`;
    const find = (selector) => root.querySelector(selector);
    const degree = find(`#${id}-degree`), penalty = find(`#${id}-penalty`);
    const top = find("svg.points"), below = find("svg.errors");
    let draws = 0, train = given.train, other = given.val;

    const lambda = () => (+penalty.value ? 10 ** ((+penalty.value - 18) / 3) : 0);
    const name = (value) => (value === 0 ? "none" : value < 2e-6 ? "0.000001" : String(+value.toPrecision(2)).replace("e-", "e−"));
    const show = (value) => (value > 99 ? value.toExponential(1).replace("e+", "e") : value < 1e-6 ? "0.0000" : value.toFixed(4));

    function draw() {
      const c = fit(train, +degree.value, lambda()), width = top.clientWidth;
      degree.nextElementSibling.textContent = degree.value;
      penalty.nextElementSibling.textContent = name(lambda());
      find(".draw").textContent = draws ? `points: drawing ${draws}` : "points: those of the figures";
      const x = (value) => 12 + ((value + 1.05) / 2.1) * (width - 24), y = (value) => 120 - value * 52;
      top.replaceChildren(svg("line", { x1: 12, x2: width - 12, y1: y(0), y2: y(0), stroke: "#8886" }));
      const curve = (f) => [...Array(401).keys()].map((k) => {
        const value = -1 + k / 200;
        return `${x(value).toFixed(1)},${y(Math.max(-9, Math.min(9, f(value)))).toFixed(1)}`;
      }).join(" ");
      top.append(svg("polyline", { points: curve(wave), fill: "none", stroke: "#808080", "stroke-dasharray": "5 4" }));
      other[0].forEach((value, n) => top.append(svg("circle", { cx: x(value), cy: y(other[1][n]), r: 3, fill: "none", stroke: "#808080" })));
      top.append(svg("polyline", { points: curve((value) => at(c, value)), fill: "none", stroke: BLUE, "stroke-width": 2.5 }));
      train[0].forEach((value, n) => top.append(svg("circle", { cx: x(value), cy: y(train[1][n]), r: 5, fill: RED })));
      find(".said").innerHTML = `Mean squared error on the 15 points <b>${show(error(c, train))}</b>,
        on 40 others (rings) <b>${show(error(c, other))}</b>. Squares of the coefficients, all together:
        <b>${show(c.slice(1).reduce((sum, value) => sum + value * value, 0))}</b>`;
      const across = (d) => 44 + (d / 14) * (width - 60), high = (e) => 82 - 25 * Math.log10(Math.min(Math.max(e, 0.004), 200));
      below.replaceChildren();
      for (const e of [0.01, 0.1, 1, 10, 100]) {
        below.append(svg("line", { x1: 44, x2: width - 16, y1: high(e), y2: high(e), stroke: "#8884" }),
          svg("text", { x: 38, y: high(e) + 4, "text-anchor": "end" }, e));
      }
      for (let d = 0; d <= 14; d += 2) below.append(svg("text", { x: across(d), y: 160, "text-anchor": "middle" }, d));
      const fits = [...Array(15).keys()].map((d) => fit(train, d, lambda()));
      for (const [data, colour, dash] of [[train, RED, ""], [other, "#808080", "6 4"]]) {
        below.append(svg("polyline", { points: fits.map((one, d) => `${across(d)},${high(error(one, data))}`).join(" "),
          fill: "none", stroke: colour, "stroke-width": 2, "stroke-dasharray": dash }));
        below.append(svg("circle", { cx: across(+degree.value), cy: high(error(c, data)), r: 5, fill: colour }));
      }
      below.append(svg("text", { x: width / 2, y: 12, "text-anchor": "middle" }, "both errors against the degree, with this penalty"));
    }

    find("button").addEventListener("click", () => {
      draws += 1;
      const { uniform, normal } = random(draws);
      train = [given.train[0], given.train[0].map((x) => wave(x) + 0.3 * normal())];
      const xs = given.val[0].map(() => 2 * uniform() - 1);
      other = [xs, xs.map((x) => wave(x) + 0.3 * normal())];
      draw();
    });
    root.addEventListener("input", draw);
    draw();
    new ResizeObserver(draw).observe(top);
  });

  // ---- early stopping

  const series = {
    "the nine values of the text": [1, 0.8, 0.9, 0.85, 0.81, 0.7, 0.75, 0.76, 0.77],
    "with ties": [1, 0.8, 0.8, 0.8, 0.7, 0.7, 0.7, 0.7, 0.7],
    "falling by 0.02": [1, 0.98, 0.96, 0.94, 0.92, 0.9, 0.88, 0.86, 0.84],
    "with a nan": [1, 0.8, NaN, 0.75, 0.7, 0.72, 0.74, 0.7, 0.71],
  };
  document.querySelectorAll('.nn-interactive[data-demo="stopping"]').forEach((root, index) => {
    const id = `nn-stopping-${index}`;
    const select = (key, label, options) => `<div class="line"><label for="${id}-${key}">${label}</label>
      <select id="${id}-${key}">${options.map((o) => `<option value="${o}">${o}</option>`).join("")}</select></div>`;
    root.innerHTML = `<style>${css}</style><div class="nn-overfit">
      ${select("series", "val_loss", Object.keys(series))}${select("patience", "patience", [0, 1, 2, 3, 4])}
      ${select("delta", "min_delta", [0, 0.03, 0.1])}${select("from", "start_from_epoch", [0, 1, 2, 3, 4])}
      <div class="line"><button type="button" class="next">next epoch</button>
        <button type="button" class="run">run to the end</button>
        <button type="button" class="again">start again</button></div>
      <svg height="220" aria-hidden="true"></svg><p class="said" role="status"></p></div>`;
    const find = (selector) => root.querySelector(selector), plot = find("svg");
    const [patience, delta, from, which] = ["patience", "delta", "from", "series"].map((key) => find(`#${id}-${key}`));
    patience.value = "2";
    let epoch, wait, best, bestEpoch, stopped, said;

    function begin() {
      [epoch, wait, best, bestEpoch, stopped] = [-1, 0, null, 0, false];
      said = `Patience ${patience.value}; better means more than ${delta.value} below the best; looks from epoch ${from.value} on.`;
      draw();
    }
    function step() {
      const values = series[which.value];
      if (stopped || epoch === values.length - 1) return;
      const value = values[++epoch], before = best;
      if (epoch < +from.value) {
        said = `Epoch ${epoch}: not looked at.`;
      } else {
        wait += 1;
        if (best === null || value + +delta.value < best) {
          [best, bestEpoch, wait] = [value, epoch, 0];
          said = `Epoch ${epoch}: ${value} is ${before === null ? "the first" : `better than ${before}`}. The wait is 0.`;
        } else {
          stopped = wait >= +patience.value && epoch > 0;
          said = `Epoch ${epoch}: ${Number.isNaN(value) ? "nan" : value} is not better than ${before}. The wait is ${wait}`
            + (stopped ? ", and it stops." : ".");
        }
      }
      if (!stopped && epoch === values.length - 1) said += " That was the last epoch.";
    }
    function draw() {
      const values = series[which.value], width = plot.clientWidth;
      const x = (k) => 40 + (k / 8) * (width - 60), y = (value) => 30 + ((1.02 - value) / 0.36) * 150;
      plot.replaceChildren();
      for (const value of [0.7, 0.8, 0.9, 1]) {
        plot.append(svg("line", { x1: 34, x2: width - 12, y1: y(value), y2: y(value), stroke: "#8884" }),
          svg("text", { x: 28, y: y(value) + 4, "text-anchor": "end" }, value.toFixed(1)));
      }
      if (+from.value) plot.append(svg("rect", { x: x(0) - 8, y: 20, width: x(+from.value) - x(0) - 8, height: 172, fill: "#8882" }));
      values.forEach((value, k) => {
        plot.append(svg("text", { x: x(k), y: 210, "text-anchor": "middle" }, k));
        const place = { cx: x(k), cy: y(Number.isNaN(value) ? 1 : value) };
        const looked = k <= epoch;
        if (Number.isNaN(value)) plot.append(svg("text", { x: x(k), y: y(0.9), "text-anchor": "middle" }, "nan"));
        else plot.append(svg("circle", { ...place, r: 6, fill: looked ? BLUE : "none", stroke: looked ? BLUE : "#808080" }));
        if (best !== null && k === bestEpoch) plot.append(svg("circle", { ...place, r: 11, fill: "none", stroke: GREEN, "stroke-width": 3 }));
        if (stopped && k === epoch) plot.append(svg("line", { x1: x(k), x2: x(k), y1: 20, y2: 192, stroke: RED, "stroke-width": 3 }));
      });
      find(".next").disabled = find(".run").disabled = stopped || epoch === values.length - 1;
      find(".again").disabled = epoch < 0;
      find(".said").innerHTML = `${minus(said)}${best === null ? "" : ` <b>Best: ${best}, epoch ${bestEpoch}.</b>`}`;
    }
    find(".next").addEventListener("click", () => { step(); draw(); });
    find(".run").addEventListener("click", () => {
      while (!stopped && epoch < series[which.value].length - 1) step();
      draw();
    });
    find(".again").addEventListener("click", begin);
    root.addEventListener("change", begin);
    begin();
    new ResizeObserver(draw).observe(plot);
  });
});
