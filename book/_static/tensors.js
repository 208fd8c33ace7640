// The two interactive figures of the chapter on tensors. No dependencies.
// Each replaces the table inside <div class="nn-interactive" data-demo="...">, which stays for readers without scripts.
(function () {
  "use strict";

  const SVG = "http://www.w3.org/2000/svg";
  // What the book's style sheet does not say about these two.
  const STYLE = `
    .nn-tensors fieldset { margin-top: .4rem; display: flex; flex-wrap: wrap; gap: .4rem .8rem; align-items: center; }
    .nn-tensors legend { float: left; width: auto; padding: 0; }
    .nn-tensors label { display: inline-flex; gap: .4rem; align-items: center; margin: 0; }
    .nn-tensors input[type=text] { width: 7.5rem; font-family: monospace; }
    .nn-tensors label.nn-slider { display: flex; gap: .6rem; }
    .nn-tensors .nn-slider span { min-width: 1.6rem; }
    .nn-tensors .nn-slider input { flex: 1 1 auto; max-width: 20rem; }
    .nn-tensors .nn-slider output { min-width: 2.8rem; }
    .nn-tensors .nn-scroll { overflow-x: auto; }
    .nn-tensors td, .nn-tensors th { border: 1px solid var(--pst-color-border, currentColor); text-align: center; font-weight: normal; }
    .nn-tensors td.nn-bad { border: 2px solid #D55E00; font-weight: bold; }
    .nn-tensors p { margin: .5rem 0; }
    .nn-tensors p[role=status] { min-height: 3.2em; }
    .nn-tensors svg { display: block; margin: .5rem 0; }
    .nn-tensors .nn-sides { display: flex; flex-wrap: wrap; gap: 0 1.5rem; }
    .nn-tensors .nn-sides > svg { flex: 0 1 18rem; min-width: 14rem; }
    .nn-tensors .nn-sides > div { flex: 1 1 14rem; min-width: 0; }`;

  function element(name, attributes, ...children) {
    const node = document.createElement(name);
    for (const [key, value] of Object.entries(attributes || {})) node.setAttribute(key, value);
    node.append(...children);
    return node;
  }

  function draw(name, attributes, ...children) {
    const node = document.createElementNS(SVG, name);
    for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
    node.append(...children);
    return node;
  }

  function button(text, action) {
    const node = element("button", { type: "button" }, text);
    node.addEventListener("click", action);
    return node;
  }

  // ---- Broadcasting ----

  // "4, 3" or "(4, 3)" becomes [4, 3]; undefined if it is no shape.
  function parseShape(text) {
    const inner = text.trim().replace(/^[(\[]/, "").replace(/[)\]]$/, "").trim().replace(/,$/, "");
    if (inner === "") return [];
    const sizes = inner.split(/[\s,]+/).map(Number);
    return sizes.length <= 8 && sizes.every((n) => Number.isInteger(n) && n >= 0 && n < 1e6) ? sizes : undefined;
  }

  function shapeText(shape) {
    return shape.length === 1 ? `(${shape[0]},)` : `(${shape.join(", ")})`;
  }

  // Right-aligned columns {a, b, size}; size is undefined where the two sizes clash.
  function align(a, b) {
    const rank = Math.max(a.length, b.length);
    return Array.from({ length: rank }, (_, axis) => {
      const p = a[axis - rank + a.length], q = b[axis - rank + b.length];
      const m = p === undefined ? 1 : p, n = q === undefined ? 1 : q;
      return { a: p, b: q, size: m === n || n === 1 ? m : m === 1 ? n : undefined };
    });
  }

  // Two grids of cells: solid where the array has a cell, dotted where one is only read again.
  function drawGrids(a, b, columns) {
    const result = columns.map((column) => column.size);
    if (result.length > 2 || result.some((n) => n === undefined || n > 8 || n < 1)) return null;
    const two = (shape) => [1, 1, ...shape].slice(-2);
    const [rows, width] = two(result), cell = 22, gap = 44;
    const right = 2 * width * cell + gap + 2, bottom = rows * cell + 2;
    const svg = draw("svg", { viewBox: `0 0 ${right} ${bottom}`, width: right, height: bottom, "aria-hidden": "true" });
    [[a, 1, "#0072B2"], [b, 1 + width * cell + gap, "#D55E00"]].forEach(([shape, left, color]) => {
      const [realRows, realWidth] = two(shape);
      for (let r = 0; r < rows; r++) {
        for (let c = 0; c < width; c++) {
          const real = r < realRows && c < realWidth;
          svg.append(draw("rect", {
            x: left + c * cell, y: 1 + r * cell, width: cell, height: cell, fill: color, stroke: color,
            "fill-opacity": real ? 0.6 : 0.06, "stroke-dasharray": real ? "none" : "2 3",
          }));
        }
      }
    });
    svg.append(draw("text", { x: 1 + width * cell + gap / 2, y: bottom / 2 + 6, "text-anchor": "middle", "font-size": 18, fill: "currentColor" }, "+"));
    return svg;
  }

  function broadcasting(root) {
    const id = "nn-broadcasting";
    const first = element("input", { type: "text", id: `${id}-a`, value: "4, 3", autocomplete: "off", spellcheck: "false" });
    const second = element("input", { type: "text", id: `${id}-b`, value: "2, 3", autocomplete: "off", spellcheck: "false" });
    const said = element("p", { role: "status" });
    const table = element("div", { class: "nn-scroll", tabindex: "0", role: "region", "aria-label": "The two shapes, lined up at the last axis" });
    const picture = element("div", { class: "nn-scroll" });

    function update() {
      const a = parseShape(first.value), b = parseShape(second.value);
      [[first, a], [second, b]].forEach(([input, shape]) => input.setAttribute("aria-invalid", shape === undefined));
      table.replaceChildren();
      picture.replaceChildren();
      if (a === undefined || b === undefined) {
        said.textContent = "Write a shape as whole numbers with commas, such as 32, 1, 3. Leave the field empty for a number.";
        return;
      }
      const columns = align(a, b), rank = columns.length;
      const clash = columns.map((column) => column.size === undefined).lastIndexOf(true);
      const head = element("tr", {}, element("th", { scope: "col" }, "axis"));
      columns.forEach((_, axis) => head.append(element("th", { scope: "col" }, String(axis - rank))));
      const line = (name, value) => {
        const row = element("tr", {}, element("th", { scope: "row" }, name));
        columns.forEach((column) => row.append(element("td", column.size === undefined ? { class: "nn-bad" } : {}, value(column))));
        return row;
      };
      const size = (n) => (n === undefined ? "(1)" : String(n));
      table.append(element("table", {}, element("thead", {}, head), element("tbody", {},
        line("a", (column) => size(column.a)), line("b", (column) => size(column.b)),
        line("a + b", (column) => (column.size === undefined ? "✗" : String(column.size))))));
      if (clash >= 0) {
        const column = columns[clash];
        said.textContent = `Refused: from the right, axis ${clash - rank} is the first to fail. ${column.a} and ${column.b} differ, and neither is 1.`;
        return;
      }
      const result = columns.map((column) => column.size);
      const count = (shape) => shape.reduce((p, n) => p * n, 1);
      const surprise = rank > Math.min(a.length, b.length) && count(result) > Math.max(count(a), count(b)) ? " Both arrays stretch: is that what you mean?" : "";
      said.textContent = `The sum has shape ${shapeText(result)}: ${count(result)} numbers from ${count(a)} and ${count(b)}.${surprise}`;
      const grids = drawGrids(a, b, columns);
      if (grids) picture.append(grids);
    }

    const examples = element("fieldset", {}, element("legend", {}, "Examples"));
    [["4, 3", "3"], ["4, 1", "1, 3"], ["4, 3", "2, 3"], ["4", "4, 1"], ["32, 1, 3", "5, 1"]].forEach(([a, b]) => {
      examples.append(button(`${shapeText(parseShape(a))} + ${shapeText(parseShape(b))}`, () => {
        first.value = a;
        second.value = b;
        update();
      }));
    });
    first.addEventListener("input", update);
    second.addEventListener("input", update);
    root.replaceChildren(element("div", { class: "nn-tensors" },
      element("fieldset", {}, element("legend", {}, "Two shapes"),
        element("label", { for: first.id }, "a", first), element("label", { for: second.id }, "b", second)),
      examples, said, table, picture));
    update();
  }

  // ---- One neuron and its line ----

  const CORNERS = [[0, 0], [0, 1], [1, 0], [1, 1]];
  const TARGETS = { AND: [0, 0, 0, 1], OR: [0, 1, 1, 1], XOR: [0, 1, 1, 0] };

  function perceptronLine(root) {
    const low = -0.5, high = 1.5, size = 260, scale = size / (high - low);
    const px = (x) => (x - low) * scale, py = (y) => (high - y) * scale;
    const values = { w1: 1, w2: 1, b: 0 };
    const sliders = {};
    let task = "AND", next, corrections, seen;

    const svg = draw("svg", { viewBox: `0 -4 ${size + 8} ${size + 30}`, role: "img", "aria-label": "The four inputs, the line of the neuron, and the side on which it fires; the table says the same in words." });
    const side = draw("polygon", { fill: "currentColor", "fill-opacity": 0.13 });
    const border = draw("line", { stroke: "currentColor", "stroke-width": 2 });
    const marks = draw("g", {});
    const said = element("p", { role: "status" });
    const body = element("tbody", {});

    const score = ([x1, x2]) => values.w1 * x1 + values.w2 * x2 + values.b;
    const fires = (corner) => (score(corner) > 0 ? 1 : 0);

    // The part of the square where the neuron fires, and the two points where the line leaves the square.
    function halfPlane() {
      const square = [[low, low], [high, low], [high, high], [low, high]], inside = [], ends = [];
      square.forEach((p, i) => {
        const q = square[(i + 1) % 4], sp = score(p), sq = score(q);
        if (sp > 0) inside.push(p);
        if (sp > 0 !== sq > 0) {
          const t = sp / (sp - sq), cut = [p[0] + t * (q[0] - p[0]), p[1] + t * (q[1] - p[1])];
          inside.push(cut);
          ends.push(cut);
        }
      });
      return { inside, ends };
    }

    function show(message) {
      for (const [name, slider] of Object.entries(sliders)) {
        slider.input.value = values[name];
        slider.output.textContent = String(values[name]).replace("-", "−");
      }
      const { inside, ends } = halfPlane();
      side.setAttribute("points", inside.map(([x, y]) => `${px(x)},${py(y)}`).join(" "));
      border.setAttribute("visibility", ends.length === 2 ? "visible" : "hidden");
      if (ends.length === 2) {
        [["x1", px(ends[0][0])], ["y1", py(ends[0][1])], ["x2", px(ends[1][0])], ["y2", py(ends[1][1])]].forEach(([k, v]) => border.setAttribute(k, v));
      }
      marks.replaceChildren();
      body.replaceChildren();
      let right = 0;
      CORNERS.forEach((corner, i) => {
        const target = TARGETS[task][i], good = fires(corner) === target, [x, y] = [px(corner[0]), py(corner[1])];
        right += good;
        marks.append(target
          ? draw("rect", { x: x - 9, y: y - 9, width: 18, height: 18, fill: "#D55E00" })
          : draw("circle", { cx: x, cy: y, r: 9, fill: "none", stroke: "#0072B2", "stroke-width": 3 }));
        marks.append(draw("text", { x: x + 16, y: y - 10, "font-size": 16, fill: "currentColor" }, good ? "✓" : "✗"));
        const z = Math.round(100 * score(corner)) / 100;
        body.append(element("tr", {}, element("td", {}, `${corner[0]}, ${corner[1]}`),
          element("td", {}, String(z).replace("-", "−")), element("td", {}, String(fires(corner))),
          element("td", {}, String(target)), element("td", {}, good ? "✓" : "✗")));
      });
      said.textContent = `${message || ""} ${task}: ${right} of 4 right.`.trim();
    }

    // One correction of the perceptron's rule, with learning rate 1; samples that are right are passed over.
    function learn() {
      for (let tried = 0; tried < 4; tried++) {
        const corner = CORNERS[next], error = TARGETS[task][next] - fires(corner);
        next = (next + 1) % 4;
        if (error === 0) continue;
        values.w1 += error * corner[0];
        values.w2 += error * corner[1];
        values.b += error;
        corrections += 1;
        const state = [next, values.w1, values.w2, values.b].join(), again = seen.has(state);
        seen.add(state);
        show(`Correction ${corrections}: at (${corner}) it ${error > 0 ? "should have fired: added" : "should not have fired: subtracted"} the input.`
          + (again ? " It has been here before, and will go round for ever." : ""));
        return;
      }
      show(`No mistake is left after ${corrections} corrections.`);
    }

    // From here on the rule starts anew, at the first sample.
    function forget() {
      next = corrections = 0;
      seen = new Set();
    }

    function restart(start, message) {
      Object.assign(values, start);
      forget();
      show(message);
    }

    const rows = ["w1", "w2", "b"].map((name) => {
      const input = element("input", { type: "range", id: `nn-line-${name}`, min: -8, max: 8, step: 0.5 });
      const output = element("output", { for: input.id });
      sliders[name] = { input, output };
      input.addEventListener("input", () => {
        values[name] = Number(input.value);
        forget();
        show();
      });
      return element("label", { class: "nn-slider", for: input.id }, element("span", {}, name), input, output);
    });
    const tasks = element("fieldset", {}, element("legend", {}, "Target"));
    Object.keys(TARGETS).forEach((name) => {
      const radio = element("input", { type: "radio", name: "nn-line-target", value: name });
      radio.checked = name === task;
      radio.addEventListener("change", () => {
        task = name;
        forget();
        show();
      });
      tasks.append(element("label", {}, radio, name));
    });

    svg.append(side, draw("rect", { x: 0, y: 0, width: size, height: size, fill: "none", stroke: "currentColor", "stroke-opacity": 0.5 }), border, marks);
    [0, 1].forEach((n) => {
      svg.append(draw("text", { x: px(n), y: size + 18, "text-anchor": "middle", "font-size": 13, fill: "currentColor" }, String(n)));
      svg.append(draw("text", { x: 8, y: py(n) + 4, "font-size": 13, fill: "currentColor" }, String(n)));
    });
    svg.append(draw("text", { x: size - 22, y: size + 18, "font-size": 13, fill: "currentColor" }, "x1"));
    svg.append(draw("text", { x: 6, y: 16, "font-size": 13, fill: "currentColor" }, "x2"));

    const head = element("tr", {});
    ["x1, x2", "z", "fires", "target", ""].forEach((text) => head.append(element("th", { scope: "col" }, text || "right?")));
    root.replaceChildren(element("div", { class: "nn-tensors" }, tasks, ...rows,
      element("fieldset", {},
        button("Correct one mistake", learn),
        button("Start at zero", () => restart({ w1: 0, w2: 0, b: 0 }, "Weights and bias are zero.")),
        button("Show AND’s line", () => restart({ w1: 4, w2: 5, b: -6 }, "4 x1 + 5 x2 − 6 > 0."))),
      said,
      element("div", { class: "nn-sides" }, svg, element("div", { class: "nn-scroll" },
        element("table", {}, element("thead", {}, head), body)))));
    forget();
    show();
  }

  const DEMOS = { broadcasting, "perceptron-line": perceptronLine };

  document.addEventListener("DOMContentLoaded", () => {
    const places = [...document.querySelectorAll(".nn-interactive")].filter((root) => DEMOS[root.dataset.demo]);
    if (!places.length) return;
    document.head.append(element("style", {}, STYLE));
    places.forEach((root) => DEMOS[root.dataset.demo](root));
  });
})();
