// J = 3 (ab + c), step by step: forward fills in numbers, backward the gradients; a, b, c are sliders.
// Fills every <div class="nn-interactive" data-demo="backprop">; without JavaScript the table inside stays.
document.addEventListener("DOMContentLoaded", () => {
  const css = `
    .nn-backprop .line { display: flex; flex-wrap: wrap; gap: .3rem .8rem; align-items: center; margin: .2rem 0; }
    .nn-backprop .line input { flex: 1 1 9rem; }
    .nn-backprop .line output { min-width: 2.5em; }
    .nn-backprop .buttons { display: flex; flex-wrap: wrap; gap: .5rem; margin: .6rem 0; align-items: center; }
    .nn-backprop button:disabled { opacity: .45; }
    .nn-backprop .says { min-height: 3.2em; margin: .4rem 0; }
    .nn-backprop svg { display: block; width: 100%; max-width: 23rem; margin: 0 auto; }
    .nn-backprop svg text { fill: currentColor; font-size: 13px; text-anchor: middle; }
    .nn-backprop svg .name { font-weight: 600; }
    .nn-backprop svg .slope { font-size: 12px; opacity: .8; }
    .nn-backprop svg rect { fill: var(--pst-color-surface, #f3f5f7); stroke: var(--pst-color-border, #888); }
    .nn-backprop svg line { stroke: currentColor; opacity: .45; stroke-width: 1.3; }
    .nn-backprop svg .now rect { stroke: var(--pst-color-primary, #0072B2); stroke-width: 3; }
    .nn-backprop svg .value { fill: var(--pst-color-primary, #0072B2); }
    .nn-backprop svg .grad { fill: var(--pst-color-accent, #D55E00); }
    html[data-theme="light"] .nn-backprop svg .value { fill: #00568a; }
    html[data-theme="light"] .nn-backprop svg .grad { fill: #9c3800; }
    html[data-theme="dark"] .nn-backprop svg .value { fill: #7cc4f5; }
    html[data-theme="dark"] .nn-backprop svg .grad { fill: #ffa45c; }`;

  // Boxes stand on a page of 340 by 402: x, y, and what the box says.
  const boxes = {
    a: [60, 34, "a"], b: [166, 34, "b"], u: [113, 140, "u = a · b"], c: [226, 140, "c"],
    z: [170, 246, "z = u + c"], three: [282, 246, "3"], J: [226, 352, "J = 3 · z"],
  };
  const arrows = [["a", "u"], ["b", "u"], ["u", "z"], ["c", "z"], ["z", "J"], ["three", "J"]];
  const show = (x) => String(Math.round(x * 100) / 100).replace("-", "−");
  const factor = (x) => (x < 0 ? `(${show(x)})` : show(x));

  const svg = (name, attributes, text) => {
    const node = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
    if (text !== undefined) node.textContent = text;
    return node;
  };

  // Each step fills in numbers or gradients, and says why.
  const story = [
    [[], [], () => "The inputs are there, and nothing is computed yet."],
    [["u"], [], (v) => `Forward: u = ${factor(v.a)} · ${factor(v.b)} = ${show(v.u)}.`],
    [["z"], [], (v) => `Forward: z = ${factor(v.u)} + ${factor(v.c)} = ${show(v.z)}.`],
    [["J"], [], (v) => `Forward: J = 3 · ${factor(v.z)} = ${show(v.J)}. The forward pass is done.`],
    [[], ["J"], () => "Backward: J moves J with slope 1."],
    [[], ["z"], () => "Backward: 1 arrives, the slope of 3 · z is 3. z gets 1 · 3 = 3."],
    [[], ["u", "c"], () => "Backward: 3 arrives at the sum, whose slopes are 1. u and c get 3 each."],
    [[], ["a", "b"], (v) => "Backward: 3 arrives at the product, which exchanges. "
      + `a gets 3 · b = ${show(3 * v.b)}, b gets 3 · a = ${show(3 * v.a)}.`],
  ];

  document.querySelectorAll('.nn-interactive[data-demo="backprop"]').forEach((root, index) => {
    const id = `nn-backprop-${index}`;
    const slider = (name, value) => `<div class="line"><label for="${id}-${name}">${name}</label>
      <input id="${id}-${name}" type="range" min="-6" max="6" step="0.5" value="${value}"><output></output></div>`;
    root.innerHTML = `<style>${css}</style><div class="nn-backprop">
      ${slider("a", 5)}${slider("b", 3)}${slider("c", 2)}
      <div class="buttons"><button type="button" data-by="-1">◀ Back</button>
        <button type="button" data-by="1">Forward ▶</button><button type="button" data-by="all">All</button>
        <span class="count"></span></div>
      <p class="says" aria-live="polite"></p>
      <svg viewBox="0 0 340 402" role="img"><title></title></svg></div>`;
    const find = (selector) => root.querySelector(selector);
    const picture = find("svg"), buttons = [...root.querySelectorAll("button")];
    let step = 0;

    function draw() {
      const v = { three: 3 };
      for (const name of ["a", "b", "c"]) {
        const input = find(`#${id}-${name}`);
        v[name] = +input.value;
        input.nextElementSibling.textContent = show(v[name]);
      }
      v.u = v.a * v.b;
      v.z = v.u + v.c;
      v.J = 3 * v.z;
      const grads = { J: 1, z: 3, u: 3, c: 3, a: 3 * v.b, b: 3 * v.a };
      const known = new Set(["a", "b", "c", "three"]), arrived = new Set();
      for (const [numbers, gradients] of story.slice(0, step + 1)) {
        numbers.forEach((name) => known.add(name));
        gradients.forEach((name) => arrived.add(name));
      }
      const now = [...story[step][0], ...story[step][1]];
      const slopes = { a: v.b, b: v.a, u: 1, c: 1, z: 3 };
      picture.replaceChildren(svg("title", {}, "The graph of J = 3 (a · b + c), filled in as far as step "
        + `${step} of ${story.length - 1}`));
      for (const [from, to] of arrows) {
        const [x1, y1] = boxes[from], [x2, y2] = boxes[to];
        picture.append(svg("line", { x1, y1: y1 + 32, x2, y2: y2 - 32 }));
        if (arrived.has(from)) {
          const side = x1 < x2 ? -16 : 16;
          picture.append(svg("text", { x: (x1 + x2) / 2 + side, y: (y1 + y2) / 2 + 8, class: "slope" },
            `×${show(slopes[from])}`));
        }
      }
      for (const [name, [x, y, title]] of Object.entries(boxes)) {
        const group = svg("g", { class: now.includes(name) ? "now" : "" });
        group.append(svg("rect", { x: x - 45, y: y - 32, width: 90, height: 64, rx: 4 }),
          svg("text", { x, y: name === "three" ? y + 5 : y - 13, class: "name" }, title));
        if (known.has(name) && name !== "three") group.append(svg("text", { x, y: y + 6, class: "value" }, show(v[name])));
        if (arrived.has(name)) group.append(svg("text", { x, y: y + 25, class: "grad" }, `∂ ${show(grads[name])}`));
        picture.append(group);
      }
      find(".says").textContent = story[step][2](v);
      find(".count").textContent = `step ${step} of ${story.length - 1}`;
      buttons[0].disabled = step === 0;
      buttons[1].disabled = buttons[2].disabled = step === story.length - 1;
    }

    root.addEventListener("click", (event) => {
      const by = event.target.dataset?.by;
      if (!by) return;
      step = by === "all" ? story.length - 1 : Math.min(story.length - 1, Math.max(0, step + Number(by)));
      draw();
    });
    root.addEventListener("input", draw);
    draw();
  });
});
