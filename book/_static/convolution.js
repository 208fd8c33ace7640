// A picture of 7 by 7 pixels and a kernel of 3 by 3, both to be changed, and the map they give.
// Fills every <div class="nn-interactive" data-demo="convolution">; without JavaScript the table inside stays.
document.addEventListener("DOMContentLoaded", () => {
  const third = 1 / 9;
  const kernels = {
    "vertical edges": [1, 0, -1, 1, 0, -1, 1, 0, -1],
    "horizontal edges": [1, 1, 1, 0, 0, 0, -1, -1, -1],
    nothing: [0, 0, 0, 0, 1, 0, 0, 0, 0],
    blur: Array(9).fill(third),
    sharpen: [0, -1, 0, -1, 5, -1, 0, -1, 0],
    outline: [-1, -1, -1, -1, 8, -1, -1, -1, -1],
  };
  const pictures = {
    seven: "0000000/0111110/0000010/0000100/0001000/0001000/0000000",
    step: "0001111/0001111/0001111/0001111/0001111/0001111/0001111",
    square: "0000000/0111110/0100010/0100010/0100010/0111110/0000000",
    bars: "1111111/0000000/1111111/0000000/1111111/0000000/1111111",
    "one pixel": "0000000/0000000/0000000/0001000/0000000/0000000/0000000",
    empty: "0000000/0000000/0000000/0000000/0000000/0000000/0000000",
  };
  const css = `
    .nn-convolution .line { display: flex; flex-wrap: wrap; gap: .4rem 1rem; align-items: center; margin: .4rem 0; }
    .nn-convolution .boards { display: flex; flex-wrap: wrap; gap: .8rem 1.2rem; align-items: flex-start; }
    .nn-convolution .board { flex: 1 1 13rem; max-width: 19rem; min-width: 0; }
    .nn-convolution .board.small { flex: 0 1 10rem; }
    .nn-convolution .board > p { margin: 0 0 .3rem; font-weight: 600; }
    .nn-convolution .cells { display: grid; gap: 1px; position: relative; }
    .nn-convolution .cells > * { aspect-ratio: 1; padding: 0; margin: 0; border: 1px solid #8886; border-radius: 0;
      display: grid; place-items: center; font-size: .72rem; line-height: 1; min-width: 0;
      font-variant-numeric: tabular-nums; }
    .nn-convolution .cells > .ring { outline: 3px solid #D55E00; outline-offset: -2px; z-index: 1; }
    .nn-convolution .cells > .under { outline-color: #0072B2; outline-width: 5px; z-index: 2; }
    .nn-convolution .kernel input { width: 100%; height: 2.4rem; text-align: center; padding: 0; }
    .nn-convolution .kernel { display: grid; grid-template-columns: repeat(3, 1fr); gap: 3px; max-width: 10rem; }
    .nn-convolution .sum { min-height: 3.2em; margin: .6rem 0 0; }`;

  // 2/3 may be written as a fraction; anything else that is no number counts as 0.
  const read = (text) => {
    const [above, below = "1"] = String(text).replace("−", "-").replace(",", ".").split("/");
    const value = Number(above) / Number(below);
    return Number.isFinite(value) ? value : 0;
  };
  const show = (value) => {
    const rounded = Math.round(value * 100) / 100 || 0;
    return String(rounded).replace("-", "−").replace(/^(−?)0\./, "$1.");
  };
  const colour = (value, limit) => {
    const part = Math.min(1, Math.abs(value) / limit) * 0.75;
    return value === 0 ? "#ffffff" : value > 0
      ? `rgb(${255 - 165 * part}, ${255 - 190 * part}, ${255 - 95 * part})`
      : `rgb(${255 - 30 * part}, ${255 - 130 * part}, ${255 - 225 * part})`;
  };
  const parse = (text) => text.split("/").map((row) => [...row].map(Number));

  document.querySelectorAll('.nn-interactive[data-demo="convolution"]').forEach((root, index) => {
    const id = `nn-convolution-${index}`;
    if (root.dataset.picture) pictures.seven = root.dataset.picture;
    const options = (names) => Object.keys(names).map((name) => `<option>${name}</option>`).join("");
    root.innerHTML = `<style>${css}</style><div class="nn-convolution">
      <div class="line">
        <span><label for="${id}-picture">picture</label> <select id="${id}-picture">${options(pictures)}</select></span>
        <span><label for="${id}-kernel">kernel</label>
          <select id="${id}-kernel">${options(kernels)}<option>your own</option></select></span></div>
      <div class="line">
        <span><label for="${id}-stride">stride</label> <select id="${id}-stride">
          <option>1</option><option>2</option><option>3</option></select></span>
        <span><label for="${id}-padding">padding</label> <select id="${id}-padding">
          <option>valid</option><option>same</option></select></span>
        <label><input type="checkbox" id="${id}-turn"> turn the kernel round</label></div>
      <div class="boards">
        <div class="board"><p>picture: click on a pixel</p><div class="cells picture" role="group"
          aria-label="picture, 7 by 7 pixels"></div></div>
        <div class="board small"><p>kernel</p><div class="kernel" role="group" aria-label="kernel, 3 by 3 weights">
          </div></div>
        <div class="board"><p class="size"></p><div class="cells map" role="group" aria-label="map"></div></div></div>
      <p class="sum" aria-live="polite"></p></div>`;
    const find = (selector) => root.querySelector(selector);
    const value = (name) => find(`#${id}-${name}`).value;
    const board = find(".picture"), weights = find(".kernel"), map = find(".map");
    let picture, focus = [0, 0], weight = null;

    for (let k = 0; k < 9; k++) {
      const field = document.createElement("input");
      field.type = "text";
      field.inputMode = "text";
      field.setAttribute("aria-label", `weight in row ${1 + Math.floor(k / 3)}, column ${1 + (k % 3)}`);
      weights.append(field);
    }
    const fill = (kernel) => kernel.forEach((weight, k) => {
      weights.children[k].value = Math.abs(weight - third) < 1e-9 ? "1/9" : String(weight).replace("-", "−");
    });

    function compute() {
      const stride = +value("stride"), same = value("padding") === "same", n = picture.length;
      let kernel = [...weights.children].map((field) => read(field.value));
      if (find(`#${id}-turn`).checked) kernel = kernel.reverse();
      const out = same ? Math.ceil(n / stride) : Math.floor((n - 3) / stride) + 1;
      const pad = same ? Math.floor(Math.max((out - 1) * stride + 3 - n, 0) / 2) : 0;
      const at = (i, j) => (picture[i] === undefined || picture[i][j] === undefined ? 0 : picture[i][j]);
      const rows = [];
      for (let i = 0; i < out; i++) {
        rows.push([]);
        for (let j = 0; j < out; j++) {
          const terms = kernel.map((weight, k) =>
            [at(i * stride - pad + Math.floor(k / 3), j * stride - pad + (k % 3)), weight]);
          rows[i].push({ terms, sum: terms.reduce((sum, [x, w]) => sum + x * w, 0) });
        }
      }
      return { rows, out, stride, pad };
    }

    function ring() {
      const { rows, stride, pad, out } = compute();
      focus = focus.map((place) => Math.min(place, out - 1));
      const [top, left] = focus.map((place) => place * stride - pad), n = picture.length;
      [...board.children].forEach((cell, k) => {
        const i = Math.floor(k / n) - top, j = (k % n) - left;
        const inside = i >= 0 && i < 3 && j >= 0 && j < 3, lies = find(`#${id}-turn`).checked ? 8 - weight : weight;
        cell.classList.toggle("ring", inside);
        cell.classList.toggle("under", inside && weight !== null && 3 * i + j === lies);
      });
      [...weights.children].forEach((field, k) => field.classList.toggle("under", k === weight));
      [...map.children].forEach((cell, k) => cell.classList.toggle("ring", k === focus[0] * out + focus[1]));
      const one = rows[focus[0]][focus[1]];
      const used = one.terms.filter(([x, w]) => x !== 0 && w !== 0)
        .map(([x, w]) => `${x} · ${w < 0 ? `(${show(w)})` : show(w)}`);
      find(".sum").textContent = `Row ${focus[0] + 1}, column ${focus[1] + 1}: `
        + `${used.length ? `${used.join(" + ")} = ` : "no weight meets ink: "}${show(one.sum)}`;
    }

    function draw() {
      const { rows, out } = compute(), n = picture.length;
      board.style.gridTemplateColumns = `repeat(${n}, 1fr)`;
      [...board.children].forEach((cell, k) => {
        const ink = picture[Math.floor(k / n)][k % n];
        cell.textContent = ink;
        Object.assign(cell.style, { backgroundColor: ink ? "#404040" : "#ffffff", color: ink ? "#fff" : "#000" });
        cell.setAttribute("aria-label", `row ${1 + Math.floor(k / n)}, column ${1 + (k % n)}: ${ink}`);
        cell.setAttribute("aria-pressed", String(Boolean(ink)));
      });
      const limit = Math.max(1e-9, ...rows.flat().map((one) => Math.abs(one.sum)));
      map.style.gridTemplateColumns = `repeat(${out}, 1fr)`;
      map.replaceChildren(...rows.flatMap((row, i) => row.map((one, j) => {
        const cell = document.createElement("button");
        cell.type = "button";
        cell.textContent = show(one.sum);
        cell.setAttribute("aria-label", `row ${i + 1}, column ${j + 1}: ${show(one.sum)}`);
        Object.assign(cell.style, { backgroundColor: colour(one.sum, limit), color: "#000" });
        const look = () => { focus = [i, j]; ring(); };
        cell.addEventListener("pointerenter", look);
        cell.addEventListener("focus", look);
        cell.addEventListener("click", look);
        return cell;
      })));
      find(".size").textContent = `map: ${out} by ${out}`;
      ring();
    }

    function lay(text) {
      picture = parse(text);
      board.replaceChildren(...picture.flatMap((row, i) => row.map((_, j) => {
        const cell = document.createElement("button");
        cell.type = "button";
        cell.addEventListener("click", () => { picture[i][j] = 1 - picture[i][j]; draw(); });
        return cell;
      })));
      draw();
    }

    fill(kernels["vertical edges"]);
    lay(pictures.seven);
    find(`#${id}-picture`).addEventListener("change", () => lay(pictures[value("picture")]));
    find(`#${id}-kernel`).addEventListener("change", () => {
      if (kernels[value("kernel")]) fill(kernels[value("kernel")]);
      draw();
    });
    weights.addEventListener("input", () => { find(`#${id}-kernel`).value = "your own"; draw(); });
    // The weight that is being written, and the pixel it lies on, are marked together.
    weights.addEventListener("focusin", (event) => { weight = [...weights.children].indexOf(event.target); ring(); });
    weights.addEventListener("focusout", () => { weight = null; ring(); });
    ["stride", "padding", "turn"].forEach((name) => find(`#${id}-${name}`).addEventListener("change", draw));
  });
});
