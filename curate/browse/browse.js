"use strict";
// The page asks for a part of the images at a time; a decision is sent at once, with the key of the page's address.
const by = (id) => document.getElementById(id);
const key = location.hash.slice(1);
let asking = 0, shown = 0;

async function asked(address, options) {
  const answer = await fetch(address, options);
  const told = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Error(told.error || `the server answered ${answer.status}`);
  by("error").hidden = true;
  return told;
}

function fail(error) {
  by("error").textContent = error instanceof TypeError ? "The server does not answer: is it still running?" : error.message;
  by("error").hidden = false;
}

function made(name, text, changes = {}) {
  return Object.assign(document.createElement(name), { textContent: text }, changes);
}

function options(select, counts, all) {
  select.append(new Option(all, ""), ...Object.entries(counts).map(([name, count]) => new Option(`${name} (${count})`, name)));
}

function words(image) {
  const size = image.width ? `${image.width} × ${image.height} ` : "";
  const said = [`${size}${image.format}`, image.style, image.title || image.file];
  if (image.score !== null) said.unshift(`${by("score").value} ${Number(image.score.toPrecision(4))}`);
  if (image.original) said.push(`copy of ${image.original.slice(0, 8)}: ${image.kind}, ${image.bits ?? "?"} bits`);
  if (image.overruled) said.push(`the rules said ${image.overruled}`);
  if (image.decision && image.reason) said.push(`“${image.reason}”`);
  return said.filter(Boolean).join(" · ");
}

function card(image) {
  const item = document.createElement("li"), row = made("p", "", { className: "row" });
  item.append(made("img", "", { src: `image/${image.sha256}.png`, alt: image.title || image.file, loading: "lazy", title: image.sha256 }),
    made("b", image.outcome.replaceAll("_", "_\u200b")), made("p", words(image), { className: "said" }), row);
  for (const decision of ["keep", "drop"]) {
    const button = made("button", decision === "keep" ? "Keep" : "Drop", { type: "button", className: decision });
    button.addEventListener("click", () => decide(image, item, image.decision === decision ? "" : decision));
    row.append(button);
  }
  mark(image, item);
  return item;
}

function mark(image, item) {
  item.dataset.decision = image.decision;
  item.querySelector(".said").textContent = words(image);
  for (const button of item.querySelectorAll("button")) button.setAttribute("aria-pressed", button.className === image.decision);
}

async function decide(image, item, decision) {
  const reason = by("reason").value;
  try {
    const told = await asked("decision", { method: "POST", headers: { "X-Key": key, "Content-Type": "application/json" },
      body: JSON.stringify({ sha256: image.sha256, decision, reason }) });
    Object.assign(image, { decision: told.decision, reason });
    mark(image, item);
    by("count").dataset.decisions = told.decisions;
  } catch (error) { fail(error); }
}

async function show(more) {
  const mine = ++asking;
  delete document.body.dataset.settled;
  const query = new URLSearchParams({ outcome: by("outcome").value, style: by("style").value, score: by("score").value,
    down: by("down").checked ? "1" : "", start: more ? shown : 0 });
  try {
    const told = await asked(`images?${query}`);
    if (mine !== asking) return;
    if (!more) by("images").replaceChildren();
    by("images").append(...told.images.map(card));
    shown = told.start + told.images.length;
    by("count").textContent = `${told.count.toLocaleString("en")} images, ${shown.toLocaleString("en")} shown`;
    by("more").hidden = shown >= told.count;
    document.body.dataset.settled = "";
  } catch (error) { fail(error); }
}

async function begin() {
  const about = await asked("about");
  by("about").textContent = `Dataset ${about.version}: ${about.images.toLocaleString("en")} raw images. Decisions go into ${about.overrides}; `
    + `run the curate stage to apply them.${about.raw ? "" : " The raw images are not there: dropped ones are not seen."}`;
  options(by("outcome"), { ...about.outcomes }, "all");
  by("outcome").append(new Option("with a decision of yours", "decided"));
  options(by("style"), about.styles, "all");
  by("score").append(new Option("nothing", ""), ...about.scores.map((name) => new Option(name.replaceAll("_", " "), name)));
  for (const id of ["outcome", "style", "score", "down"]) by(id).addEventListener("change", () => show(false));
  by("more").addEventListener("click", () => show(true));
  by("filters").addEventListener("submit", (event) => event.preventDefault());
  await show(false);
}

begin().catch(fail);
