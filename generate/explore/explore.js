"use strict";
// The page keeps the place it shows; each change asks the server for that place's image, the latest one wins.
const by = (id) => document.getElementById(id);
const WAIT_MS = 250; // after the last change, until what is beside the image follows
let about, sliders = [], moving = false, later, playing = 0;

function isNumber(id) {
  const text = by(id).value.trim();
  return /^\d+$/.test(text) && Number(text) <= about.largest;
}

function number(id) {
  if (!isNumber(id)) throw new Error(`${by(id).labels[0].firstChild.data.trim()}: a whole number from 0 on, please`);
  return Number(by(id).value.trim());
}

function place(changes = {}) {
  const now = { seed: number("seed"), latent_index: number("latent_index"),
    share: by("share").value, truncation: by("truncation").value, moves: sliders.map((one) => one.value), ...changes };
  if (by("label").value) now.label = by("label").value;
  if (Number(now.share) === 0) delete now.share;
  else {
    now.other_index = number("other_index");
    if (by("other_label").value) now.other_label = by("other_label").value;
  }
  if (!now.moves.some(Number)) delete now.moves;
  if (Number(now.truncation) === 1) delete now.truncation;
  return new URLSearchParams(now).toString();
}

async function asked(address) {
  const answer = await fetch(address);
  if (answer.ok) return answer;
  const told = await answer.json().catch(() => ({}));
  throw new Error(told.error || `the server answered ${answer.status}`);
}

function fail(error) {
  by("error").textContent = error instanceof TypeError ? "The server does not answer: is it still running?" : error.message;
  by("error").hidden = false;
}

async function show(image, address) {
  const blob = await (await asked(address)).blob(), old = image.src;
  image.src = URL.createObjectURL(blob);
  await image.decode();
  if (old.startsWith("blob:")) URL.revokeObjectURL(old);
}

// One request at a time: while it is under way only that something changed is noted.
let changed = false;
async function follow() {
  changed = true;
  delete document.body.dataset.settled;
  if (moving) return;
  moving = true;
  try {
    while (changed) {
      changed = false;
      const query = place(), began = performance.now();
      await show(by("image"), `image.png?${query}`);
      by("error").hidden = true;
      by("status").textContent = `${Math.round(performance.now() - began)} ms`;
      describe(query);
    }
    clearTimeout(later);
    if (!playing) later = setTimeout(beside, WAIT_MS);
  } catch (error) { fail(error); } finally { moving = false; }
}

function describe(query) {
  const walk = by("share").value > 0 ? `, ${Math.round(by("share").value * 100)} % of the way to ${by("other_index").value}` : "";
  by("image").alt = `Generated garment ${by("latent_index").value} of seed ${by("seed").value}${walk}`;
  const name = `garment-${by("seed").value}-${by("latent_index").value}`;
  by("png").href = `image.png?${query}`; by("png").download = `${name}.png`;
  by("json").href = `recipe.json?${query}`; by("json").download = `${name}.json`;
  by("truncation_value").textContent = by("truncation").value === "1" ? "off" : by("truncation").value;
}

async function beside() {
  try {
    const here = place();
    await show(by("from"), `image.png?${place({ share: 0 })}`);
    const other = isNumber("other_index"); // without one there is no way, and nothing else is held up
    by("to").style.visibility = other ? "" : "hidden";
    if (other) await show(by("to"), `image.png?${place({ share: 1 })}`);
    for (const [k, one] of sliders.entries()) {
      for (const [side, image] of one.ends.entries()) {
        const moves = sliders.map((other) => other.value);
        moves[k] = side ? about.reach : -about.reach;
        await show(image, `image.png?${place({ moves })}`);
        if (here !== place()) return;
      }
    }
    if (about.training !== null) await neighbours(here);
    if (here === place() && !changed) document.body.dataset.settled = ""; // all that is shown belongs together
  } catch (error) { fail(error); }
}

async function neighbours(query) {
  const found = await (await asked(`near?${query}`)).json();
  by("near").replaceChildren(...found.map((one) => {
    const item = document.createElement("li"), image = new Image(), text = document.createElement("span");
    image.src = `training/${one.index}.png`;
    image.alt = `Training image ${one.number}${one.mirrored ? ", mirrored" : ""}, ${one.distance} grey levels away`;
    image.className = one.mirrored ? "mirrored" : "";
    text.textContent = `${one.distance.toFixed(1)} · no. ${one.number}${one.mirrored ? " ⇋" : ""}`;
    item.append(image, text);
    return item;
  }));
}

function direction(share, k) {
  const row = document.createElement("div"), name = document.createElement("span"), slider = document.createElement("input");
  const ends = ["−", "+"].map((sign) => Object.assign(new Image(48, 48), { alt: `This garment at the ${sign} end of direction ${k + 1}` }));
  row.className = "way"; name.className = "name";
  name.textContent = `Direction ${k + 1} · ${(share * 100).toFixed(1)} % of the first layer's answer`;
  Object.assign(slider, { type: "range", min: -about.reach, max: about.reach, step: 0.01, value: 0, id: `direction${k + 1}` });
  slider.setAttribute("aria-label", `Direction ${k + 1}`);
  slider.ends = ends;
  slider.addEventListener("dblclick", () => { slider.value = 0; follow(); });
  row.append(name, ends[0], slider, ends[1]);
  by("directions").append(row);
  return slider;
}

function labels(id) {
  by(id).append(...about.labels.map((name) => new Option(name)));
  by(id).labels[0].hidden = about.labels.length === 0;
}

function reset() {
  for (const one of sliders) one.value = 0;
  by("share").value = 0; by("truncation").value = 1;
  follow();
}

function another() { by("latent_index").value = Math.floor(Math.random() * 1e6); follow(); }

function play() {
  playing = playing ? 0 : performance.now();
  by("play").setAttribute("aria-pressed", String(Boolean(playing)));
  if (!playing) { follow(); return; }
  const step = async () => {
    if (!playing) return;
    const turn = ((performance.now() - playing) / 4000) % 2; // four seconds each way
    by("share").value = turn < 1 ? turn : 2 - turn;
    await follow();
    requestAnimationFrame(step);
  };
  step();
}

async function begin() {
  about = await (await asked("about")).json();
  by("about").textContent = `Snapshot ${about.snapshot} · ${about.kimg} thousand images shown · ${about.resolution} px · dataset ${about.dataset_version}`;
  sliders = about.directions.map(direction);
  labels("label"); labels("other_label");
  if (about.training === null) by("near_hint").textContent = `Not shown: ${about.why_no_training}`;
  document.addEventListener("input", follow);
  by("random").addEventListener("click", another);
  by("reset").addEventListener("click", reset);
  by("play").addEventListener("click", play);
  document.querySelector("form").addEventListener("submit", (event) => event.preventDefault());
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.type === "number") return;
    const action = { r: another, p: play, 0: reset }[event.key.toLowerCase()];
    if (action) { event.preventDefault(); action(); }
  });
  await follow();
}

begin().catch(fail);
