// SPDX-License-Identifier: MIT
// The page that plays optimizers' paths: HTML without the numbers, and the text form of numbers
// that its script reads.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

/// Characters that need no escape in a string of JavaScript inside HTML: all of ASCII's printable
/// ones from # on, but for \ and <.
inline const std::string page_digits = [] {
  std::string digits;
  for (char c = '#'; c <= '~'; ++c) {
    if (c != '\\' && c != '<') digits += c;
  }
  return digits;
}();
constexpr int page_base = 45;  // of page_digits' 90: digits that end a number, digits that go on

/// Integers as text: signs alternate (0, −1, 1, −2, ...), then digits from the lowest on, so that
/// small ones take one character.
inline std::string encoded(const std::vector<int>& numbers) {
  std::string text;
  for (const int number : numbers) {
    int rest = number < 0 ? -2 * number - 1 : 2 * number;
    for (; rest >= page_base; rest /= page_base) {
      text += page_digits[std::size_t(page_base + rest % page_base)];
    }
    text += page_digits[std::size_t(rest)];
  }
  return text;
}

/// What the page's script does with the text.
inline std::vector<int> decoded(const std::string& text) {
  std::vector<int> numbers;
  int value = 0, unit = 1;
  for (const char c : text) {
    const int digit = int(page_digits.find(c));
    value += digit % page_base * unit;
    unit *= page_base;
    if (digit >= page_base) continue;
    numbers.push_back(value % 2 == 0 ? value / 2 : -(value + 1) / 2);
    value = 0;
    unit = 1;
  }
  return numbers;
}

/// The page; @data is to become the numbers.
constexpr const char* page_text = R"page(<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Paths of optimizers</title>
<style>
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 1180px; padding: 12px 16px 24px; background: #fff; color: #1b1f24;
       font: 16px/1.45 system-ui, sans-serif; }
h1 { font-size: 1.35rem; margin: 4px 0; }
p { margin: 4px 0 10px; max-width: 75ch; }
canvas { display: block; width: 100%; border: 1px solid #9aa3ad; border-radius: 4px; }
figure { margin: 0; min-width: 0; }
figcaption { font-size: .9rem; margin: 4px 0; overflow-wrap: anywhere; }
.plots { display: grid; grid-template-columns: minmax(0, 1fr); gap: 14px; }
.controls { display: grid; grid-template-columns: minmax(0, 1fr); gap: 8px 20px; margin: 10px 0; }
.controls label { display: flex; align-items: center; gap: 10px; }
.controls label span { flex: 0 0 7.5em; font-variant-numeric: tabular-nums; }
input[type=range] { flex: 1; min-width: 0; height: 28px; accent-color: #1560d4; }
input[type=checkbox] { width: 20px; height: 20px; }
select, button { font: inherit; padding: 6px 12px; border: 1px solid #69727d; border-radius: 6px;
                 background: #fff; color: inherit; min-height: 40px; }
select { flex: 1; min-width: 0; }
button { background: #1560d4; border-color: #1560d4; color: #fff; min-width: 7.5em; }
table { border-collapse: collapse; width: 100%; margin-top: 12px; font-size: .95rem; }
th, td { text-align: left; padding: 3px 8px 3px 0; border-bottom: 1px solid #d8dde3; }
td { font-variant-numeric: tabular-nums; }
td label { display: flex; align-items: center; gap: 8px; min-height: 30px; }
i { display: inline-block; width: 22px; height: 4px; border-radius: 2px; }
@media (min-width: 760px) {
  .plots { grid-template-columns: repeat(2, minmax(0, 1fr)); }
  .controls { grid-template-columns: repeat(2, minmax(0, 1fr)); }
}
</style>
</head>
<body>
<h1>Paths of optimizers</h1>
<p>All start at the dot. Each step was computed by Backfold; this page plays the steps and picks
those of the chosen η and μ. μ is the momentum, and β1 of Adam; SGD, RMSprop (γ = 0.9) and Rprop
(whose first step is η) do without.</p>
<div class="controls">
<label><span>Surface</span><select id="surface"></select></label>
<label><button id="play" type="button">Pause</button>
<input id="frame" type="range" min="0" value="0" aria-label="step"></label>
<label><span id="rate_text"></span><input id="rate" type="range" min="0"></label>
<label><span id="momentum_text"></span><input id="momentum" type="range" min="0"></label>
</div>
<div class="plots">
<figure><canvas id="map"></canvas><figcaption id="map_text"></figcaption></figure>
<figure><canvas id="curve"></canvas><figcaption id="curve_text"></figcaption></figure>
</div>
<table><thead><tr><th>Optimizer</th><th id="error_head"></th><th>State</th></tr></thead>
<tbody id="rows"></tbody></table>
<script>
"use strict";
const data = @data;
const $ = id => document.getElementById(id);
const digits = new Map();
for (let c = 35, n = 0; c < 127; ++c) if (c !== 92 && c !== 60) digits.set(c, n++);
const base = digits.size / 2;

function decoded(text) {
  const numbers = [];
  let value = 0, unit = 1;
  for (let i = 0; i < text.length; ++i) {
    const digit = digits.get(text.charCodeAt(i));
    value += digit % base * unit;
    unit *= base;
    if (digit >= base) continue;
    numbers.push(value % 2 ? -(value + 1) / 2 : value / 2);
    value = 0;
    unit = 1;
  }
  return numbers;
}

// Text of a path: the step from which it is lost or 0, then differences of w1, w2, log E.
function pathOf(surface, optimizer, rate, momentum) {
  const column = data.optimizers[optimizer].momentum ? rate * data.momenta.length + momentum : rate;
  const numbers = decoded(surface.paths[optimizer][column]);
  const path = {lost: numbers[0], x: [], y: [], logE: []};
  let x = 0, y = 0, e = 0;
  for (let i = 1; i < numbers.length; i += 3) {
    path.x.push(surface.low[0] + (x += numbers[i]) * (surface.high[0] - surface.low[0]) / data.quanta);
    path.y.push(surface.low[1] + (y += numbers[i + 1]) * (surface.high[1] - surface.low[1]) / data.quanta);
    path.logE.push((e += numbers[i + 2]) / data.per_decade);
  }
  return path;
}

let surface, paths = [], playing = true, frame = 0, background = null;
const shown = data.optimizers.map(() => true);
const last = data.steps.length - 1;

// Second differences, which are small on a smooth surface.
function gridOf(surface) {
  let value = 0, slope = 0;
  return decoded(surface.grid).map(d => value += slope += d);
}

// A canvas in CSS pixels; colours as on paper.
function prepared(canvas) {
  const width = canvas.clientWidth, height = Math.round(width * .78), ratio = devicePixelRatio || 1;
  canvas.style.height = height + "px";
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round(height * ratio);
  const c = canvas.getContext("2d");
  c.setTransform(ratio, 0, 0, ratio, 0, 0);
  c.clearRect(0, 0, width, height);
  c.font = "13px system-ui, sans-serif";
  return {c, left: 46, top: 10, width: width - 68, height: height - 50};
}

function frameAxes(p, xTicks, yTicks, xLabel, yLabel) {
  const {c} = p;
  c.strokeStyle = "#69727d";
  c.lineWidth = 1;
  c.strokeRect(p.left, p.top, p.width, p.height);
  c.fillStyle = "#1b1f24";
  c.textAlign = "center";
  c.textBaseline = "top";
  for (const [at, text] of xTicks) {
    c.fillRect(p.left + at - .5, p.top + p.height - 5, 1, 5);
    c.fillText(text, p.left + at, p.top + p.height + 5);
  }
  c.fillText(xLabel, p.left + p.width / 2, p.top + p.height + 22);
  c.textAlign = "right";
  c.textBaseline = "middle";
  for (const [at, text] of yTicks) {
    c.fillRect(p.left, p.top + at - .5, 5, 1);
    c.fillText(text, p.left - 5, p.top + at);
  }
  c.textAlign = "left";
  c.textBaseline = "top";
  c.fillText(yLabel, p.left + 9, p.top + 5);
}

function ticks(low, high) {
  const rough = (high - low) / 5, power = 10 ** Math.floor(Math.log10(rough));
  const step = power * [1, 2, 5, 10].find(s => s * power >= rough);
  const found = [];
  for (let i = Math.ceil(low / step); i * step <= high; ++i) found.push(+(i * step).toFixed(6));
  return found;
}

// Bands of E and contours between them, by marching squares, once a surface and size.
function backgroundOf(p) {
  const key = surface.name + p.width + "x" + p.height + (devicePixelRatio || 1);
  if (background && background.key === key) return background.image;
  const n = surface.grid_size, E = gridOf(surface), levels = surface.levels;
  const wide = Math.round(p.width), high = Math.round(p.height), ratio = devicePixelRatio || 1;
  const image = document.createElement("canvas");
  image.width = Math.round(wide * ratio);
  image.height = Math.round(high * ratio);
  const c = image.getContext("2d"), pixels = c.createImageData(image.width, image.height);
  for (let row = 0, k = 0; row < image.height; ++row) {
    const y = (1 - row / (image.height - 1)) * (n - 1), j = Math.min(n - 2, Math.floor(y)), v = y - j;
    for (let column = 0; column < image.width; ++column) {
      const x = column / (image.width - 1) * (n - 1), i = Math.min(n - 2, Math.floor(x)), u = x - i;
      const at = j * n + i;
      const e = (1 - v) * ((1 - u) * E[at] + u * E[at + 1]) + v * ((1 - u) * E[at + n] + u * E[at + n + 1]);
      let band = 0;
      while (band < levels.length && e > levels[band]) ++band;
      const light = band / levels.length;
      pixels.data[k++] = 190 + 65 * light;
      pixels.data[k++] = 211 + 44 * light;
      pixels.data[k++] = 236 + 19 * light;
      pixels.data[k++] = 255;
    }
  }
  c.putImageData(pixels, 0, 0);
  c.scale(image.width / (n - 1), -image.height / (n - 1));
  c.translate(0, 1 - n);
  c.beginPath();
  for (const level of levels) {
    for (let j = 0; j < n - 1; ++j) for (let i = 0; i < n - 1; ++i) {
      const corners = [[i, j], [i + 1, j], [i + 1, j + 1], [i, j + 1]], cuts = [];
      for (let k = 0; k < 4; ++k) {
        const [x0, y0] = corners[k], [x1, y1] = corners[(k + 1) % 4];
        const a = E[y0 * n + x0] - level, b = E[y1 * n + x1] - level;
        if (a > 0 !== b > 0) cuts.push([x0 + (x1 - x0) * a / (a - b), y0 + (y1 - y0) * a / (a - b)]);
      }
      for (let k = 0; k + 1 < cuts.length; k += 2) {
        c.moveTo(...cuts[k]);
        c.lineTo(...cuts[k + 1]);
      }
    }
  }
  c.setTransform(ratio, 0, 0, ratio, 0, 0);
  c.lineWidth = .8;
  c.strokeStyle = "#8d9db0";
  c.stroke();
  background = {key, image};
  return image;
}

function mark(c, kind, x, y) {
  c.strokeStyle = c.fillStyle = "#111";
  c.lineWidth = 2;
  c.beginPath();
  if (kind === "start") {
    c.arc(x, y, 5, 0, 7);
    c.fill();
  } else if (kind === "optimum") {
    for (const a of [0, 1, 2]) {
      const u = 7 * Math.cos(a * Math.PI / 3), v = 7 * Math.sin(a * Math.PI / 3);
      c.moveTo(x - u, y - v);
      c.lineTo(x + u, y + v);
    }
    c.stroke();
  } else {
    c.moveTo(x, y - 7);
    c.lineTo(x + 7, y + 5);
    c.lineTo(x - 7, y + 5);
    c.closePath();
    c.stroke();
  }
}

function clipped(p, draw) {
  p.c.save();
  p.c.beginPath();
  p.c.rect(p.left, p.top, p.width, p.height);
  p.c.clip();
  draw();
  p.c.restore();
}

// The path's place at the frame, or where it ended.
const at = (path, frame) => Math.min(frame, path.x.length - 1);

function drawMap() {
  const p = prepared($("map")), {c} = p, {low, high} = surface;
  const X = x => p.left + (x - low[0]) / (high[0] - low[0]) * p.width;
  const Y = y => p.top + (high[1] - y) / (high[1] - low[1]) * p.height;
  c.drawImage(backgroundOf(p), p.left, p.top, p.width, p.height);
  clipped(p, () => {
    for (const w of surface.saddles) mark(c, "saddle", X(w[0]), Y(w[1]));
    for (const w of surface.optima) mark(c, "optimum", X(w[0]), Y(w[1]));
    mark(c, "start", X(surface.start[0]), Y(surface.start[1]));
    paths.forEach((path, k) => {
      if (!shown[k]) return;
      const end = at(path, frame);
      c.strokeStyle = data.optimizers[k].colour;
      c.lineWidth = 2;
      c.lineJoin = "round";
      c.beginPath();
      for (let i = 0; i <= end; ++i) c.lineTo(X(path.x[i]), Y(path.y[i]));
      c.stroke();
    });
    paths.forEach((path, k) => {
      if (!shown[k]) return;
      const end = at(path, frame);
      c.beginPath();
      c.arc(X(path.x[end]), Y(path.y[end]), 6, 0, 7);
      c.fillStyle = data.optimizers[k].colour;
      c.fill();
      c.strokeStyle = "#fff";
      c.lineWidth = 1.5;
      c.stroke();
    });
  });
  frameAxes(p, ticks(low[0], high[0]).map(v => [X(v) - p.left, v]),
            ticks(low[1], high[1]).map(v => [Y(v) - p.top, v]), "w₁", "w₂");
}

const raised = n => (n < 0 ? "⁻" : "") + [...String(Math.abs(n))].map(d => "⁰¹²³⁴⁵⁶⁷⁸⁹"[d]).join("");

function drawCurve() {
  const p = prepared($("curve")), {c} = p;
  const bottom = data.floor, top = Math.ceil(Math.max(...surface.levels) / data.grid_per_decade + .3);
  const X = step => p.left + Math.log(step + 1) / Math.log(data.steps[last] + 1) * p.width;
  const Y = logE => p.top + (top - logE) / (top - bottom) * p.height;
  const yTicks = [];
  for (let e = bottom; e <= top; e += 2) yTicks.push([Y(e) - p.top, "10" + raised(e)]);
  c.fillStyle = "#e9edf1";
  for (const [y] of yTicks) c.fillRect(p.left, p.top + y, p.width, 1);
  clipped(p, () => {
    c.lineWidth = 2;
    paths.forEach((path, k) => {
      if (!shown[k]) return;
      c.strokeStyle = data.optimizers[k].colour;
      c.beginPath();
      const end = path.lost ? at(path, frame) : frame;
      for (let i = 0; i <= end; ++i) c.lineTo(X(data.steps[i]), Y(path.logE[at(path, i)]));
      c.stroke();
    });
    c.fillStyle = "#69727d";
    c.fillRect(X(data.steps[frame]), p.top, 1, p.height);
  });
  frameAxes(p, [0, 1, 10, 100, 1000].map(s => [X(s) - p.left, s]), yTicks, "step, on a logarithmic axis", "");
}

function describe() {
  const step = data.steps[frame];
  $("rate_text").textContent = "η = " + data.rates[$("rate").value];
  $("momentum_text").textContent = "μ = " + data.momenta[$("momentum").value];
  $("map_text").textContent = "E = " + surface.formula + ". ● start, ✳ optimum" +
      (surface.saddles.length ? ", △ saddle point" : "") + ". Darker is lower.";
  const above = surface.least === 0 ? "E" : "E − E(best optimum)";
  $("curve_text").textContent = above + " after step " + step + " of " + data.steps[last] + ".";
  $("error_head").textContent = above;
  paths.forEach((path, k) => {
    const end = at(path, frame), row = $("rows").children[k];
    const lost = path.lost && step >= path.lost;
    row.children[1].textContent = lost ? "–" : path.logE[end] <= data.floor ? "< 10" + raised(data.floor)
        : (10 ** path.logE[end]).toPrecision(2);
    const near = surface.optima.findIndex(w => Math.hypot(
        (path.x[end] - w[0]) / (surface.high[0] - surface.low[0]),
        (path.y[end] - w[1]) / (surface.high[1] - surface.low[1])) < .01);
    row.children[2].textContent = lost ? "diverged, step " + path.lost
        : near < 0 ? "under way"
        : surface.best[near] ? "best optimum" : "local optimum";
  });
}

function draw() {
  $("frame").value = frame;
  $("play").textContent = playing ? "Pause" : frame === last ? "Play again" : "Play";
  drawMap();
  drawCurve();
  describe();
}

function choose() {
  paths = data.optimizers.map((_, k) => pathOf(surface, k, +$("rate").value, +$("momentum").value));
  draw();
}

function chooseSurface() {
  surface = data.surfaces[$("surface").value];
  $("rate").value = surface.rate;
  frame = 0;
  playing = true;
  choose();
}

data.surfaces.forEach((s, i) => $("surface").add(new Option(s.title, i)));
data.optimizers.forEach((o, k) => {
  const row = $("rows").insertRow(), label = document.createElement("label");
  const box = document.createElement("input"), line = document.createElement("i");
  box.type = "checkbox";
  box.checked = true;
  box.onchange = () => { shown[k] = box.checked; draw(); };
  line.style.background = o.colour;
  label.append(box, line, o.name);
  row.insertCell().append(label);
  row.insertCell();
  row.insertCell();
});
$("frame").max = last;
$("rate").max = data.rates.length - 1;
$("momentum").max = data.momenta.length - 1;
$("momentum").value = data.momentum;
$("surface").onchange = chooseSurface;
$("rate").oninput = $("momentum").oninput = () => {
  if (frame === last && !playing) { frame = 0; playing = true; }
  choose();
};
$("frame").oninput = () => { frame = +$("frame").value; playing = false; draw(); };
$("play").onclick = () => {
  playing = !playing;
  if (playing && frame === last) frame = 0;
  draw();
};
addEventListener("resize", draw);

let before = 0;
function tick(now) {
  if (playing && now - before > 40) {
    before = now;
    frame < last ? ++frame : playing = false;
    draw();
  }
  requestAnimationFrame(tick);
}
chooseSurface();
requestAnimationFrame(tick);
</script>
</body>
</html>
)page";
