// A race of optimizers down three surfaces, with the update rules of the chapter.
// Fills every <div class="nn-interactive" data-demo="optimizers">; without JavaScript the table inside stays.
document.addEventListener("DOMContentLoaded", () => {
  const surfaces = {
    bowl: {
      height: ([x, y]) => 0.5 * (x * x + 25 * y * y),
      gradient: ([x, y]) => [x, 25 * y],
      start: [9, 1.5], minimum: [0, 0], steps: 60, window: [-6, 10, -2.2, 2.2], levels: [1, 4, 10, 20, 35, 55],
    },
    Rosenbrock: {
      height: ([x, y]) => (1 - x) ** 2 + 100 * (y - x * x) ** 2,
      gradient: ([x, y]) => [2 * (x - 1) - 400 * x * (y - x * x), 200 * (y - x * x)],
      start: [-1.2, 1], minimum: [1, 1], steps: 300, window: [-1.7, 1.7, -0.6, 1.9],
      levels: [0.3, 1, 4, 15, 50, 150, 400],
    },
    "two hollows": {
      height: ([x, y]) => (x * x - 1) ** 2 + 0.4 * x + y * y,
      gradient: ([x, y]) => [4 * x * (x * x - 1) + 0.4, 2 * y],
      start: [1.7, 1.2], minimum: [-1.0467, 0], steps: 80, window: [-2, 2, -1.5, 1.7],
      levels: [-0.3, 0, 0.5, 0.9, 1.1, 1.8, 3, 5],
    },
  };

  // A racer is made with a learning rate and a momentum; it returns a function that makes one step in place.
  // `state` holds one number for each of the two coordinates.
  const state = (value = 0) => [value, value];
  const rule = (make) => (rate, momentum) => {
    const one = make(rate, momentum);
    let t = 0;
    return (w, g) => {
      t += 1;
      one.begin?.(t);
      for (const i of [0, 1]) w[i] = one.step(w[i], g[i], i, t);
    };
  };
  const epsilon = 1e-7, beta2 = 0.999;
  const adam = (decay) => rule((rate, beta1) => {
    const m = state(), v = state();
    return { step(w, g, i, t) {
      m[i] += (1 - beta1) * (g - m[i]);
      v[i] += (1 - beta2) * (g * g - v[i]);
      const correction = Math.sqrt(1 - beta2 ** t) / (1 - beta1 ** t);
      return w - rate * decay * w - (rate * correction * m[i]) / (Math.sqrt(v[i]) + epsilon);
    } };
  });
  const withMomentum = (nesterov) => rule((rate, mu) => {
    const v = state();
    return { step(w, g, i) {
      v[i] = mu * v[i] - rate * g;
      return nesterov ? w + mu * v[i] - rate * g : w + v[i];
    } };
  });
  const racers = {
    SGD: rule((rate) => ({ step: (w, g) => w - rate * g })),
    momentum: withMomentum(false),
    Nesterov: withMomentum(true),
    Adagrad: rule((rate) => {
      const a = state(0.1);
      return { step: (w, g, i) => w - (rate * g) / Math.sqrt((a[i] += g * g) + epsilon) };
    }),
    RMSprop: rule((rate) => {
      const a = state();
      return { step: (w, g, i) => w - (rate * g) / Math.sqrt((a[i] += (1 - 0.9) * (g * g - a[i])) + epsilon) };
    }),
    Adadelta: rule((rate) => {
      const a = state(), d = state();
      return { step(w, g, i) {
        a[i] += (1 - 0.95) * (g * g - a[i]);
        const u = (Math.sqrt(d[i] + epsilon) / Math.sqrt(a[i] + epsilon)) * g;
        d[i] += (1 - 0.95) * (u * u - d[i]);
        return w - rate * u;
      } };
    }),
    Adam: adam(0),
    AdamW: adam(0.004),
    Adamax: rule((rate, beta1) => {
      const m = state(), u = state();
      return { step(w, g, i, t) {
        m[i] += (1 - beta1) * (g - m[i]);
        u[i] = Math.max(beta2 * u[i], Math.abs(g));
        return w - (rate / (1 - beta1 ** t)) * m[i] / (u[i] + epsilon);
      } };
    }),
    Nadam: rule((rate, beta1) => {
      const m = state(), v = state();
      let now, next, product = 1;
      return {
        begin(t) {
          now = beta1 * (1 - 0.5 * 0.96 ** t);
          next = beta1 * (1 - 0.5 * 0.96 ** (t + 1));
          product *= now;
        },
        step(w, g, i, t) {
          m[i] += (1 - beta1) * (g - m[i]);
          v[i] += (1 - beta2) * (g * g - v[i]);
          const ahead = (next * m[i]) / (1 - product * next) + ((1 - now) * g) / (1 - product);
          return w - (rate * ahead) / (Math.sqrt(v[i] / (1 - beta2 ** t)) + epsilon);
        },
      };
    }),
    Ftrl: rule((rate) => {
      const n = state(0.1), z = state();
      return { step(w, g, i) {
        const root = Math.sqrt(n[i]);
        n[i] += g * g;
        z[i] += g - ((Math.sqrt(n[i]) - root) / rate) * w;
        return -z[i] / (Math.sqrt(n[i]) / rate);
      } };
    }),
  };
  const looks = [["#0072B2", ""], ["#D55E00", "7 3"], ["#009E73", "8 3 2 3"], ["#CC79A7", "2 3"], ["#E69F00", ""],
    ["#56B4E9", "7 3"], ["#808080", ""], ["#0072B2", "2 3"], ["#D55E00", "2 3"], ["#009E73", ""], ["#CC79A7", "7 3"]];
  const shown = ["SGD", "momentum", "Nesterov", "Adagrad", "Adam"];

  function walk(surface, step) {
    const w = [...surface.start], path = [[...w]];
    for (let k = 0; k < surface.steps; k++) {
      step(w, surface.gradient(w));
      path.push([...w]);
    }
    return path;
  }

  // Of 29 rates: the one that ends lowest and never climbs above the start.
  function bestRate(surface, racer, momentum) {
    let best = [Infinity, 1e-4];
    for (let k = -16; k <= 12; k++) {
      const heights = walk(surface, racer(10 ** (k / 4), momentum)).map(surface.height);
      const end = heights.at(-1);
      if (heights.every((height) => height <= heights[0]) && end < best[0]) best = [end, 10 ** (k / 4)];
    }
    return best[1];
  }

  // Lines of equal height, as pairs of points: linear interpolation on the edges of a grid of cells.
  function contour(surface, level, columns = 90, rows = 64) {
    const [left, right, low, high] = surface.window, segments = [];
    const at = (i, j) => [left + ((right - left) * i) / columns, low + ((high - low) * j) / rows];
    for (let i = 0; i < columns; i++) {
      for (let j = 0; j < rows; j++) {
        const corners = [at(i, j), at(i + 1, j), at(i + 1, j + 1), at(i, j + 1)], found = [];
        corners.forEach((a, k) => {
          const b = corners[(k + 1) % 4], p = surface.height(a) - level, q = surface.height(b) - level;
          if (p * q < 0) found.push([0, 1].map((c) => a[c] + ((b[c] - a[c]) * p) / (p - q)));
        });
        for (let k = 0; k + 1 < found.length; k += 2) segments.push([found[k], found[k + 1]]);
      }
    }
    return segments;
  }

  const css = `
    .nn-race fieldset, .nn-race .line { border: 0; padding: 0; margin: .4rem 0; display: flex; flex-wrap: wrap;
      gap: .3rem 1rem; align-items: center; }
    .nn-race .line label { min-width: 8.5rem; }
    @media (max-width: 600px) { .nn-race .line label { flex: 1 1 100%; } }
    .nn-race input[type=range] { flex: 1 1 8rem; min-width: 7rem; }
    .nn-race output { min-width: 4em; }
    .nn-race svg.plot { display: block; width: 100%; height: 320px; overflow: hidden; }
    .nn-race svg text { fill: currentColor; font-size: 12px; }
    .nn-race table { width: 100%; font-size: .9rem; }
    .nn-race td, .nn-race th[scope=col]:not(:first-child) { text-align: right; }
    .nn-race td, .nn-race th { padding: .1rem .4rem; font-weight: normal; }
    .nn-race th label { font-weight: normal; display: inline-flex; align-items: center; gap: .4rem; }
    .nn-race th svg { width: 34px; height: 8px; flex: none; }`;
  const svg = (name, attributes, text = "") => {
    const node = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
    node.textContent = text;
    return node;
  };
  const show = (x) => {
    if (!Number.isFinite(x) || Math.abs(x) >= 1e6) return "gone";
    return Number(x.toPrecision(3)).toString().replaceAll("-", "−");
  };

  document.querySelectorAll('.nn-interactive[data-demo="optimizers"]').forEach((root, index) => {
    const id = `nn-race-${index}`;
    const radios = (group, values) => values.map((value, k) => `<label><input type="radio" name="${id}-${group}"
      value="${value}"${k ? "" : " checked"}> ${value}</label>`).join("");
    root.innerHTML = `<style>${css}</style><div class="nn-race">
      <fieldset><legend>surface</legend>${radios("surface", Object.keys(surfaces))}</fieldset>
      <fieldset><legend>learning rates</legend>${radios("rates", ["the same for all", "each its own best"])}</fieldset>
      <div class="line"><label for="${id}-rate">learning rate</label>
        <input id="${id}-rate" type="range" step="0.05"><output></output></div>
      <div class="line"><label for="${id}-momentum">momentum, or β₁</label>
        <input id="${id}-momentum" type="range" min="0" max="0.99" step="0.01" value="0.9"><output></output></div>
      <div class="line"><label for="${id}-steps">steps</label>
        <input id="${id}-steps" type="range" min="0" step="1"><output></output>
        <button type="button">race</button></div>
      <svg class="plot" aria-hidden="true"></svg>
      <table><caption class="visually-hidden">Who races, with which learning rate, and how high it is now</caption>
        <thead><tr><th scope="col">optimizer</th><th scope="col">rate</th><th scope="col">height</th></tr></thead>
        <tbody>${Object.keys(racers).map((name, k) => `<tr><th scope="row"><label><input type="checkbox"
          value="${name}"${shown.includes(name) ? " checked" : ""}><svg aria-hidden="true"><line x1="0" x2="34" y1="4"
          y2="4" stroke="${looks[k][0]}" stroke-width="3" stroke-dasharray="${looks[k][1]}"/></svg>${name}</label></th>
          <td></td><td></td></tr>`).join("")}</tbody></table></div>`;
    const find = (selector) => root.querySelector(selector);
    const [rate, momentum, steps] = ["rate", "momentum", "steps"].map((name) => find(`#${id}-${name}`));
    const plot = find("svg.plot"), button = find("button"), rows = [...root.querySelectorAll("tbody tr")];
    const chosen = (group) => find(`input[name="${id}-${group}"]:checked`).value;
    const tall = 320, edge = { left: 34, right: 8, top: 8, bottom: 24 };
    let surface, lines, paths = [], rates = [], frame = 0;

    function point([a, b]) {
      const [left, right, low, high] = surface.window, wide = plot.clientWidth;
      const clamp = (value) => Math.min(1e4, Math.max(-1e4, value));
      const x = edge.left + ((a - left) / (right - left)) * (wide - edge.left - edge.right);
      const y = tall - edge.bottom - ((b - low) / (high - low)) * (tall - edge.top - edge.bottom);
      return [clamp(x).toFixed(1), clamp(y).toFixed(1)];
    }

    function draw() {
      const [left, right, low, high] = surface.window, now = +steps.value;
      const clip = svg("clipPath", { id: `${id}-clip` }), inside = svg("g", { "clip-path": `url(#${id}-clip)` });
      clip.append(svg("rect", { x: edge.left, y: edge.top, width: Math.max(0, plot.clientWidth - edge.left - edge.right),
        height: tall - edge.top - edge.bottom }));
      plot.replaceChildren(clip, inside);
      const d = lines.map(([a, b]) => `M${point(a)}L${point(b)}`).join("");
      inside.append(svg("path", { d, fill: "none", stroke: "currentColor", "stroke-opacity": 0.35 }));
      for (let k = 0; k <= 4; k++) {
        const value = left + ((right - left) * k) / 4, [x, y] = point([value, low]);
        plot.append(svg("text", { x, y: +y + 16, "text-anchor": k < 4 ? "middle" : "end" }, show(value)));
      }
      for (const value of [low, (low + high) / 2, high]) {
        const y = Math.min(tall - edge.bottom, Math.max(edge.top + 10, +point([left, value])[1] + 4));
        plot.append(svg("text", { x: edge.left - 4, y, "text-anchor": "end" }, show(value)));
      }
      const [x, y] = point(surface.minimum).map(Number);
      inside.append(svg("path", { d: `M${x - 6} ${y - 6}l12 12m0 -12l-12 12`, stroke: "currentColor", "stroke-width": 3 }));
      rows.forEach((row, k) => {
        const racing = row.querySelector("input").checked, path = paths[k].slice(0, now + 1), [colour, dash] = looks[k];
        row.cells[1].textContent = racing ? show(rates[k]) : "";
        row.cells[2].textContent = racing ? show(surface.height(path.at(-1))) : "";
        if (!racing) return;
        const there = path.filter((w) => w.every(Number.isFinite));
        inside.append(svg("polyline", { points: there.map(point).join(" "), fill: "none", stroke: colour,
          "stroke-width": 2, "stroke-dasharray": dash, "stroke-linejoin": "round" }));
        const [cx, cy] = point(there.at(-1));
        inside.append(svg("circle", { cx, cy, r: 5, fill: colour, stroke: "var(--pst-color-background, white)" }));
      });
      find(`#${id}-rate + output`).textContent = (chosen("rates").startsWith("the") ? "" : "best × ")
        + show(10 ** rate.value);
      find(`#${id}-momentum + output`).textContent = momentum.value;
      find(`#${id}-steps + output`).textContent = `${now} of ${steps.max}`;
    }

    function race() {
      const same = chosen("rates").startsWith("the"), factor = 10 ** rate.value, mu = +momentum.value;
      rates = Object.values(racers).map((racer) => factor * (same ? 1 : bestRate(surface, racer, mu)));
      paths = Object.values(racers).map((racer, k) => walk(surface, racer(rates[k], mu)));
      draw();
    }

    function choose(which) {
      if (which === "rates") {
        const same = chosen("rates").startsWith("the");
        Object.assign(rate, same ? { min: -4, max: 1, value: -1.75 } : { min: -1, max: 1, value: 0 });
      } else {
        surface = surfaces[chosen("surface")];
        lines = surface.levels.flatMap((level) => contour(surface, level));
        steps.max = surface.steps;
        steps.value = surface.steps;
      }
      race();
    }

    function stop() {
      cancelAnimationFrame(frame);
      frame = 0;
      button.textContent = "race";
    }

    button.addEventListener("click", () => {
      if (frame) return stop();
      const began = performance.now(), seconds = 5;
      button.textContent = "stop";
      steps.value = 0;
      draw();
      const tick = (now) => {
        steps.value = Math.floor((surface.steps * (now - began)) / 1000 / seconds);
        draw();
        if (+steps.value < surface.steps) frame = requestAnimationFrame(tick);
        else stop();
      };
      frame = requestAnimationFrame(tick);
    });
    root.addEventListener("input", ({ target }) => {
      if (frame) stop();
      if (target.type === "radio") choose(target.name.slice(id.length + 1));
      else if (target === rate || target === momentum) race();
      else draw();
    });
    Object.assign(rate, { min: -4, max: 1, value: -1.75 });
    choose("surface");
    new ResizeObserver(draw).observe(plot);
  });
});
