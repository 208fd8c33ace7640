// The two things to try in the chapter on activations: every function at one z,
// and softmax with a temperature. What stands in the page without this script is replaced by it.
document.addEventListener("DOMContentLoaded", () => {
  if (!document.querySelector('[data-demo="activation-slider"], [data-demo="softmax-temperature"]')) return;
  const SVG = "http://www.w3.org/2000/svg";

  function element(name, attributes = {}, ...children) {
    const svg = ["svg", "path", "line", "circle", "rect", "g"].includes(name);
    const node = svg ? document.createElementNS(SVG, name) : document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
    node.append(...children);
    return node;
  }

  const style = element("style");
  style.textContent = `
    .act-row { align-items: center; column-gap: .75rem; display: grid; grid-template-columns: 9rem 1fr 3.5rem; }
    .act-row input[type="range"] { min-width: 0; width: 100%; }
    .act-row output { text-align: end; }
    @media (max-width: 36rem) {
      .act-row { grid-template-columns: 1fr auto; }
      .act-row input[type="range"] { grid-column: 1 / -1; grid-row: 2; }
    }
    .act-key { color: var(--pst-color-text-muted); margin: 0 0 .5rem; }
    .act-plates { display: grid; gap: .75rem .6rem; grid-template-columns: repeat(auto-fill, minmax(min(8.5rem, 30%), 1fr));
      list-style: none; margin: 0; padding: 0; }
    .act-plates li { margin: 0; }
    .act-plates svg { display: block; width: 100%; }
    .act-plates .act-name { font-family: var(--pst-font-family-monospace, monospace); font-size: .9em; }
    .act-plates dl { display: grid; font-size: .85em; grid-template-columns: auto 1fr; margin: 0; }
    .act-plates dt { font-weight: normal; margin: 0; }
    .act-plates dd { font-variant-numeric: tabular-nums; margin: 0; text-align: end; }
    .act-flat { color: var(--pst-color-text-muted); }
    .act-axis { stroke: currentColor; opacity: .35; stroke-width: 1; }
    .act-value { fill: none; stroke: var(--pst-color-primary); stroke-width: 2.5; }
    .act-slope { fill: none; stroke: var(--pst-color-secondary); stroke-dasharray: 5 4; stroke-width: 2.5; }
    .act-dot { fill: var(--pst-color-primary); }
    .act-square { fill: var(--pst-color-secondary); }
    .act-bars { margin: .75rem 0; }
    .act-bar { align-items: center; display: grid; gap: .5rem; grid-template-columns: 1.5rem 1fr 3.5rem; margin: .25rem 0; }
    .act-track { border: 1px solid var(--pst-color-text-muted); height: 1.4rem; }
    .act-fill { background-color: var(--pst-color-primary); height: 100%; }
  `;
  document.head.append(style);

  function slider(label, id, { min, max, step, value }, show, changed) {
    const input = element("input", { type: "range", id, min, max, step, value });
    const output = element("output", { for: id });
    const update = () => {
      const text = show(Number(input.value));
      output.textContent = text;
      input.setAttribute("aria-valuetext", text);
    };
    input.addEventListener("input", () => { update(); changed(); });
    update();
    return {
      row: element("div", { class: "act-row" }, element("label", { for: id }, label), input, output),
      get: () => Number(input.value),
      set: (number) => { input.value = number; update(); },
    };
  }

  const minus = (text) => text.replace("-", "\u2212");

  // Every activation, and its slope, at one z ---------------------------------------------------

  const sigmoid = (z) => (z >= 0 ? 1 / (1 + Math.exp(-z)) : Math.exp(z) / (1 + Math.exp(z)));
  const density = (z) => Math.exp(-z * z / 2) / Math.sqrt(2 * Math.PI);

  // The normal distribution function by Taylor's series about 0, exact enough for |z| <= 4.
  function normal(z) {
    let term = z, sum = z;
    for (let n = 1; n < 80; n += 1) {
      term *= z * z / (2 * n + 1);
      sum += term;
    }
    return 0.5 + density(z) * sum;
  }

  const SCALE = 1.0507009873554805, ALPHA = 1.6732632423543772;
  const elu = (z, alpha) => (z > 0 ? z : alpha * Math.expm1(z));
  const FAMILY = [
    ["step", (z) => (z > 0 ? 1 : 0), () => 0],
    ["linear", (z) => z, () => 1],
    ["sigmoid", sigmoid, (z) => sigmoid(z) * sigmoid(-z)],
    ["tanh", Math.tanh, (z) => 1 - Math.tanh(z) ** 2],
    ["relu", (z) => Math.max(z, 0), (z) => (z > 0 ? 1 : 0)],
    ["leaky_relu", (z) => (z > 0 ? z : 0.2 * z), (z) => (z > 0 ? 1 : 0.2)],
    ["elu", (z) => elu(z, 1), (z) => (z > 0 ? 1 : Math.exp(z))],
    ["selu", (z) => SCALE * elu(z, ALPHA), (z) => SCALE * (z >= 0 ? 1 : ALPHA * Math.exp(z))],
    ["softplus", (z) => Math.max(z, 0) + Math.log1p(Math.exp(-Math.abs(z))), sigmoid],
    ["softsign", (z) => z / (1 + Math.abs(z)), (z) => (1 + Math.abs(z)) ** -2],
    ["gelu", (z) => z * normal(z), (z) => normal(z) + z * density(z)],
    ["silu", (z) => z * sigmoid(z), (z) => sigmoid(z) * (1 + z * sigmoid(-z))],
    ["hard_sigmoid", (z) => Math.min(Math.max(z / 6 + 0.5, 0), 1), (z) => (Math.abs(z) < 3 ? 1 / 6 : 0)],
  ];
  const LEFT = -4, RIGHT = 4, LOW = -2, HIGH = 2.5, WIDTH = 160, HEIGHT = 90;
  const across = (z) => 6 + (z - LEFT) / (RIGHT - LEFT) * (WIDTH - 12);
  const up = (y) => (HIGH - y) / (HIGH - LOW) * HEIGHT;

  function curve(f) {
    const points = [];
    for (let i = 0; i <= 320; i += 1) {
      const z = LEFT + (RIGHT - LEFT) * i / 320;
      points.push(`${across(z).toFixed(1)} ${up(f(z)).toFixed(1)}`);
    }
    return "M" + points.join("L");
  }

  function plate([name, f, slope]) {
    const dot = element("circle", { class: "act-dot", r: 5 });
    const square = element("rect", { class: "act-square", width: 8, height: 8 });
    const value = element("dd"), steep = element("dd");
    const drawing = element("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, "aria-hidden": "true" },
      element("line", { class: "act-axis", x1: 0, x2: WIDTH, y1: up(0), y2: up(0) }),
      element("line", { class: "act-axis", x1: across(0), x2: across(0), y1: 0, y2: HEIGHT }),
      element("path", { class: "act-value", d: curve(f) }),
      element("path", { class: "act-slope", d: curve(slope) }), square, dot);
    const item = element("li", {}, element("span", { class: "act-name" }, name), drawing,
      element("dl", {}, element("dt", {}, "value"), value, element("dt", {}, "slope"), steep));
    return [item, (z) => {
      value.textContent = minus(f(z).toFixed(4));
      steep.textContent = minus(slope(z).toFixed(4));
      item.classList.toggle("act-flat", Math.abs(slope(z)) < 0.02);
      dot.setAttribute("cx", across(z));
      dot.setAttribute("cy", up(f(z)));
      square.setAttribute("x", across(z) - 4);
      square.setAttribute("y", up(slope(z)) - 4);
    }];
  }

  document.querySelectorAll('[data-demo="activation-slider"]').forEach((place) => {
    const list = element("ul", { class: "act-plates" });
    const marks = FAMILY.map((entry) => {
      const [item, move] = plate(entry);
      list.append(item);
      return move;
    });
    const count = element("p", { class: "act-key", role: "status" });
    const update = () => {
      const z = control.get();
      marks.forEach((move) => move(z));
      const flat = FAMILY.filter(([, , slope]) => Math.abs(slope(z)) < 0.02).map(([name]) => name);
      count.textContent = `Almost flat here, slope within \u00b10.02: ${flat.join(", ")}.`;
    };
    const control = slider("pre-activation z", "act-z",
      { min: LEFT, max: RIGHT, step: 0.1, value: 1 }, (z) => minus(z.toFixed(1)), update);
    const key = element("p", { class: "act-key" }, "Solid with a dot: value. Dashed with a square: slope.");
    place.replaceChildren(control.row, key, count, list);
    update();
  });

  // Softmax with a temperature ------------------------------------------------------------------

  document.querySelectorAll('[data-demo="softmax-temperature"]').forEach((place) => {
    const names = ["3", "8", "5"], start = [2.0, 1.0, 0.1];
    const fixed = (number) => minus(number.toFixed(1));
    const logits = names.map((name, i) => slider(`logit of ${name}`, `act-logit-${i}`,
      { min: -5, max: 5, step: 0.1, value: start[i] }, fixed, () => update()));
    const temperature = slider("temperature T", "act-temperature",
      { min: -1, max: 1, step: 0.05, value: 0 }, (power) => (10 ** power).toFixed(2), () => update());
    const bars = names.map((name) => {
      const fill = element("div", { class: "act-fill" }), number = element("output");
      const track = element("div", { class: "act-track", "aria-hidden": "true" }, fill);
      const bar = element("div", { class: "act-bar" }, element("span", {}, name), track, number);
      return { bar, fill, number };
    });
    const sentence = element("p", { class: "act-key", role: "status" });
    const update = () => {
      const z = logits.map((control) => control.get() / 10 ** temperature.get());
      const top = Math.max(...z), powers = z.map((number) => Math.exp(number - top));
      const total = powers.reduce((a, b) => a + b);
      powers.forEach((power, i) => {
        bars[i].fill.style.width = `${100 * power / total}%`;
        bars[i].number.textContent = (power / total).toFixed(4);
      });
      const winners = names.filter((_, i) => z[i] === top);
      sentence.textContent = winners.length > 1
        ? `${winners.join(" and ")} are level, at every temperature.`
        : `${winners[0]} leads with ${(1 / total).toFixed(2)}.`;
    };
    const back = element("button", { type: "button" }, "Back to 2.0, 1.0, 0.1");
    back.addEventListener("click", () => {
      logits.forEach((control, i) => control.set(start[i]));
      temperature.set(0);
      update();
    });
    place.replaceChildren(...logits.map((control) => control.row), temperature.row,
      element("div", { class: "act-bars" }, ...bars.map(({ bar }) => bar)), sentence, back);
    update();
  });
});
