// Shapes of a layer's weights, here and in PyTorch, for sizes that the reader chooses.
// Fills every <div class="nn-interactive" data-demo="project">; without JavaScript the table inside stays.
document.addEventListener("DOMContentLoaded", () => {
  const shape = (...sizes) => `(${sizes.join(", ")})`;
  // Each layer: [what it is called, here], [in PyTorch], how to get there, and the parameters.
  const layers = {
    Dense: (d, u) => [
      [["kernel", shape(d, u)], ["bias", shape(u)]],
      [["weight", shape(u, d)], ["bias", shape(u)]],
      "transpose; after a Flatten, reorder the rows first", d * u + u],
    "Conv2D, 3 × 3": (d, u) => [
      [["kernel", shape(3, 3, d, u)], ["bias", shape(u)]],
      [["weight", shape(u, d, 3, 3)], ["bias", shape(u)]],
      "transpose(3, 2, 0, 1)", 9 * d * u + u],
    SimpleRNN: (d, u) => [
      [["kernel", shape(d, u)], ["recurrent_kernel", shape(u, u)], ["bias", shape(u)]],
      [["weight_ih_l0", shape(u, d)], ["weight_hh_l0", shape(u, u)], ["bias_ih_l0", shape(u)], ["bias_hh_l0", shape(u)]],
      "transpose; the second bias is zero", d * u + u * u + u],
    LSTM: (d, u) => [
      [["kernel", shape(d, 4 * u)], ["recurrent_kernel", shape(u, 4 * u)], ["bias", shape(4 * u)]],
      [["weight_ih_l0", shape(4 * u, d)], ["weight_hh_l0", shape(4 * u, u)], ["bias_ih_l0", shape(4 * u)],
        ["bias_hh_l0", shape(4 * u)]],
      "transpose; the second bias is zero", 4 * (d * u + u * u + u)],
    GRU: (d, u) => [
      [["kernel", shape(d, 3 * u)], ["recurrent_kernel", shape(u, 3 * u)], ["bias", shape(2, 3 * u)]],
      [["weight_ih_l0", shape(3 * u, d)], ["weight_hh_l0", shape(3 * u, u)], ["bias_ih_l0", shape(3 * u)],
        ["bias_hh_l0", shape(3 * u)]],
      "exchange the first two gates, then transpose; one row of the bias to each of theirs", 3 * (d * u + u * u + 2 * u)],
    BatchNormalization: (d) => [
      [["gamma, beta", shape(d)], ["moving_mean, moving_variance", shape(d)]],
      [["weight, bias", shape(d)], ["running_mean, running_var", shape(d)]],
      "as they are, if momentum and epsilon are the same", 4 * d],
  };

  document.querySelectorAll('.nn-interactive[data-demo="project"]').forEach((root, index) => {
    const id = `nn-project-${index}`;
    root.innerHTML = `
      <p><label for="${id}-layer">Layer</label>
        <select id="${id}-layer">${Object.keys(layers).map((name) => `<option>${name}</option>`).join("")}</select></p>
      <p><label for="${id}-d">Inputs D</label>
        <input id="${id}-d" type="number" min="1" max="4096" value="3"></p>
      <p><label for="${id}-u">Units or filters U</label>
        <input id="${id}-u" type="number" min="1" max="4096" value="4"></p>
      <div aria-live="polite"></div>`;
    const [kind, inputs, units] = ["layer", "d", "u"].map((name) => root.querySelector(`#${id}-${name}`));
    const whole = (field) => Math.min(4096, Math.max(1, Math.floor(Number(field.value)) || 1));
    const list = (pairs) => pairs.map(([name, size]) => `<code>${name}</code> ${size}`).join("<br>");
    const draw = () => {
      const [here, there, how, count] = layers[kind.value](whole(inputs), whole(units));
      units.disabled = kind.value === "BatchNormalization";
      root.querySelector("div").innerHTML = `<table><tbody>
        <tr><th scope="row">here and in Keras</th><td>${list(here)}</td></tr>
        <tr><th scope="row">in PyTorch</th><td>${list(there)}</td></tr>
        <tr><th scope="row">from here to there</th><td>${how}</td></tr>
        <tr><th scope="row">parameters here</th><td>${count.toLocaleString("en")}</td></tr></tbody></table>`;
    };
    for (const field of [kind, inputs, units]) field.addEventListener("input", draw);
    draw();
  });
});
