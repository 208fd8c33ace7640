// Two groups, two thresholds: who gets a loan, who of those who repay, who of those who do not, and the cost.
// Fills every <div class="nn-interactive" data-demo="ethics">, from the counts in its data-cells;
// without JavaScript the table inside stays.
document.addEventListener("DOMContentLoaded", () => {
  const css = `
    .nn-ethics .line { display: flex; flex-wrap: wrap; gap: .3rem .5rem; align-items: center; margin: .2rem 0; }
    .nn-ethics .line label { min-width: 6.6rem; }
    .nn-ethics .line input { flex: 1 1 6rem; min-width: 6rem; }
    .nn-ethics .line output { min-width: 2.6em; }
    .nn-ethics .buttons { display: flex; flex-wrap: wrap; gap: .5rem; margin: .6rem 0; }
    .nn-ethics svg { display: block; width: 100%; max-width: 30rem; height: auto; margin: .4rem auto; }
    .nn-ethics svg text { fill: currentColor; font-size: 11px; }
    .nn-ethics .yes { fill: #0072B2; }
    .nn-ethics .no { fill: #E69F00; opacity: .7; }
    .nn-ethics .cut { stroke: currentColor; stroke-width: 2.5; }
    .nn-ethics .axis { stroke: currentColor; opacity: .5; }
    .nn-ethics .key { display: inline-block; width: .8em; height: .8em; margin: 0 .3em 0 .8em; }
    .nn-ethics table { width: 100%; font-size: .92rem; }
    .nn-ethics td, .nn-ethics th { text-align: right; padding: .2rem .35rem; }
    .nn-ethics th:first-child { text-align: left; font-weight: normal; }
    .nn-ethics .cost { margin: .4rem 0; }`;

  const bins = 100;
  const svg = (name, attributes, text) => {
    const node = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
    if (text !== undefined) node.textContent = text;
    return node;
  };
  const sum = (numbers) => numbers.reduce((total, one) => total + one, 0);
  // Samples in bin i have scores from i/100 to (i+1)/100, so a threshold of t/100 selects the bins from t on.
  const measure = ([no, yes], cut) => {
    const found = sum(yes.slice(cut)), alarms = sum(no.slice(cut));
    const all = sum(yes) + sum(no);
    return {
      all, share: (found + alarms) / all, tpr: found / sum(yes), fpr: alarms / sum(no),
      precision: found + alarms ? found / (found + alarms) : NaN, alarms, missed: sum(yes) - found,
    };
  };
  const show = (x) => (Number.isNaN(x) ? "–" : x.toFixed(3).replace("-", "−"));

  document.querySelectorAll('.nn-interactive[data-demo="ethics"]').forEach((root, index) => {
    const id = `nn-ethics-${index}`, cells = JSON.parse(root.dataset.cells);
    const slider = (name, text, value, low, high, step) => `<div class="line"><label for="${id}-${name}">${text}</label>
      <input id="${id}-${name}" type="range" min="${low}" max="${high}" step="${step}" value="${value}">
      <output for="${id}-${name}"></output></div>`;
    root.innerHTML = `<style>${css}</style><div class="nn-ethics">
      ${slider("A", "threshold A", 67, 0, 100, 1)}${slider("B", "threshold B", 67, 0, 100, 1)}
      ${slider("price", "bad loan costs", 2, 0.5, 5, 0.5)}
      <div class="buttons"><button type="button" data-do="share">equal shares</button>
        <button type="button" data-do="one">B as A</button>
        <button type="button" data-do="tpr">equal chances</button>
        <button type="button" data-do="cost">lowest cost</button></div>
      <div aria-hidden="true"><span class="key" style="background:#0072B2"></span>will repay
        <span class="key" style="background:#E69F00;opacity:.7"></span>will not</div>
      <svg viewBox="0 0 340 206" role="img"><title></title></svg>
      <table><caption class="visually-hidden">What the thresholds do to each group</caption>
        <thead><tr><th scope="col">share</th><th scope="col">A</th><th scope="col">B</th><th scope="col">gap</th></tr></thead>
        <tbody></tbody></table>
      <p class="cost" aria-live="polite"></p></div>`;
    const find = (selector) => root.querySelector(selector);
    const inputs = Object.fromEntries(["A", "B", "price"].map((name) => [name, find(`#${id}-${name}`)]));
    const picture = find("svg"), body = find("tbody");
    const top = Math.max(...["A", "B"].flatMap((name) => cells[name][0].map((no, i) => no + cells[name][1][i])));
    const rows = [["get a loan", "share"], ["of those who repay (TPR)", "tpr"], ["of those who do not (FPR)", "fpr"],
      ["of the loans, repaid", "precision"]];
    body.innerHTML = rows.map(([text]) => `<tr><th scope="row">${text}</th><td></td><td></td><td></td></tr>`).join("");

    const cost = (a, b) => {
      const found = [measure(cells.A, a), measure(cells.B, b)];
      const price = +inputs.price.value;
      return (1000 * sum(found.map((one) => price * one.alarms + one.missed))) / sum(found.map((one) => one.all));
    };

    function draw() {
      const cuts = { A: +inputs.A.value, B: +inputs.B.value };
      for (const name of ["A", "B"]) inputs[name].nextElementSibling.textContent = (cuts[name] / 100).toFixed(2);
      inputs.price.nextElementSibling.textContent = (+inputs.price.value).toFixed(1);
      picture.replaceChildren(svg("title", {}, "Scores of group A above, of group B below, with their thresholds."));
      const x = (i) => 24 + 3.1 * i;
      ["A", "B"].forEach((name, place) => {
        const floor = 88 + 98 * place, height = (n) => (80 * n) / top;
        for (let i = 0; i < bins; i++) {
          const [no, yes] = [cells[name][0][i], cells[name][1][i]];
          picture.append(
            svg("rect", { class: "yes", x: x(i), y: floor - height(yes), width: 2.9, height: height(yes) }),
            svg("rect", { class: "no", x: x(i), y: floor - height(yes + no), width: 2.9, height: height(no) }));
        }
        picture.append(
          svg("line", { class: "axis", x1: x(0), x2: x(bins), y1: floor, y2: floor }),
          svg("line", { class: "cut", x1: x(cuts[name]), x2: x(cuts[name]), y1: floor - 82, y2: floor + 4 }),
          svg("text", { x: 6, y: floor - 34, "font-weight": 600 }, name));
      });
      for (const value of [0, 0.5, 1]) {
        picture.append(svg("text", { x: x(bins * value), y: 203, "text-anchor": value < 1 ? "middle" : "end" }, value));
      }
      const [a, b] = [measure(cells.A, cuts.A), measure(cells.B, cuts.B)];
      rows.forEach(([, key], i) => {
        [a[key], b[key], Math.abs(a[key] - b[key])].forEach((value, j) => {
          body.rows[i].cells[j + 1].textContent = show(value);
        });
      });
      find(".cost").textContent = `Cost per 1,000 applicants: ${cost(cuts.A, cuts.B).toFixed(1)}`
        + ` (a bad loan ${(+inputs.price.value).toFixed(1)}, a good one not given 1).`;
    }

    // The threshold of B at which its `key` is nearest to A's.
    const nearest = (key) => {
      const wanted = measure(cells.A, +inputs.A.value)[key];
      const away = (cut) => Math.abs(measure(cells.B, cut)[key] - wanted);
      let best = 0;
      for (let cut = 1; cut <= bins; cut++) if (away(cut) < away(best)) best = cut;
      return best;
    };
    const cheapest = () => {
      for (const name of ["A", "B"]) {
        const at = (cut) => (name === "A" ? cost(cut, 0) : cost(0, cut));
        let best = 0;
        for (let cut = 1; cut <= bins; cut++) if (at(cut) < at(best)) best = cut;
        inputs[name].value = best;
      }
    };
    const actions = {
      one: () => { inputs.B.value = inputs.A.value; },
      share: () => { inputs.B.value = nearest("share"); },
      tpr: () => { inputs.B.value = nearest("tpr"); },
      cost: cheapest,
    };
    root.addEventListener("input", draw);
    root.querySelectorAll("button").forEach((button) => {
      button.addEventListener("click", () => {
        actions[button.dataset.do]();
        draw();
      });
    });
    draw();
  });
});
