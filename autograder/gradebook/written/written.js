// The keys of the page. What is on record lies in each article's data; a save carries it along.
"use strict";

const answers = [...document.querySelectorAll("article")];
const ideas = [...document.querySelectorAll(".ideas button")];
const again = document.querySelector(".again");
const most = Number(document.body.dataset.most);
const ticked = new Map(answers.map((one) => [one, new Set()]));
let here = null;

const field = (one, name) => one.querySelector("." + name);
const number = (text) => (text.trim() === "" ? null : Number(text.replace(",", ".")));
const onRecord = ({ dataset }) => ({
  points: number(dataset.points),
  comment: dataset.comment,
  waiting: dataset.waiting === "1",
});
const written = (one) => ({
  points: number(field(one, "points").value),
  comment: field(one, "comment").value.trim(),
  waiting: false,
});

function isUnsaved(one) {
  const was = onRecord(one), now = written(one);
  return was.points !== now.points || was.comment.trim() !== now.comment;
}

function remember(one, given) {
  one.dataset.points = given.points === null ? "" : String(given.points);
  one.dataset.comment = given.comment;
  one.dataset.waiting = given.waiting ? "1" : "0";
}

function show(one) {
  field(one, "points").value = one.dataset.points;
  field(one, "comment").value = one.dataset.comment;
  mark(one);
}

function mark(one) {
  one.classList.toggle("unsaved", isUnsaved(one));
  const left = answers.filter((each) => each.dataset.waiting === "1").length;
  document.getElementById("left").textContent = `${left} of ${answers.length} to grade`;
}

function say(one, sentence) {
  const line = field(one, "says");
  line.textContent = sentence;
  line.hidden = !sentence;
}

function go(one) {
  if (!one) return;
  here?.classList.remove("here");
  here = one;
  one.classList.add("here");
  if (!one.contains(document.activeElement)) one.focus({ preventScroll: true });
  one.scrollIntoView({ block: "start" });
  ideas.forEach((idea, index) => idea.setAttribute("aria-pressed", ticked.get(one).has(index)));
}

const step = (by) => go(answers[answers.indexOf(here) + by]);

function nextToGrade() {
  const from = answers.indexOf(here) + 1;
  const order = [...answers.slice(from), ...answers.slice(0, from)];
  const next = order.find((one) => one.dataset.waiting === "1");
  if (next) go(next);
  else here?.focus({ preventScroll: true });
}

function give(points) {
  field(here, "points").value = String(Math.min(most, Math.round(points * 1e6) / 1e6));
  mark(here);
}

function tick(index) {
  if (index >= ideas.length) return;
  const chosen = ticked.get(here);
  if (!chosen.delete(index)) chosen.add(index);
  give([...chosen].reduce((sum, each) => sum + Number(ideas[each].dataset.points), 0));
  go(here);
}

function tickAll(all) {
  ticked.set(here, new Set(all ? ideas.keys() : []));
  give(all ? most : 0);
  go(here);
}

function use(index) {
  const text = again.querySelectorAll("span")[index]?.textContent;
  const comment = here && field(here, "comment");
  if (!text || !comment) return;
  const lines = comment.value.split("\n").map((line) => line.trim()).filter(Boolean);
  if (!lines.includes(text)) comment.value = [...lines, text].join("\n");
  mark(here);
}

function offer(comment) {
  const known = [...again.querySelectorAll("span")].map((one) => one.textContent);
  for (const line of comment.split("\n").map((one) => one.trim()).filter(Boolean)) {
    if (known.includes(line) || again.children.length >= 9) continue;
    const item = document.createElement("li"), button = document.createElement("button");
    const key = document.createElement("kbd"), text = document.createElement("span");
    button.type = "button";
    key.textContent = "⇧" + (again.children.length + 1);
    text.textContent = line;
    button.append(key, " ", text);
    item.append(button);
    again.append(item);
  }
}

async function save(one) {
  const wanted = written(one);
  if (wanted.points === null || !(wanted.points >= 0 && wanted.points <= most)) {
    say(one, `Points are a number from 0 to ${most}.`);
    return;
  }
  const submission = encodeURIComponent(one.id);
  let answer, said;
  try {
    answer = await fetch(document.body.dataset.save + submission, {
      method: "POST",
      credentials: "same-origin",
      headers: { "Content-Type": "application/json", "X-XSRFToken": document.body.dataset.token },
      body: JSON.stringify({ wanted, made_from: onRecord(one) }),
    });
    said = await answer.json();
  } catch {
    say(one, "Not saved: the server did not answer. Save again when it does.");
    return;
  }
  if (answer.ok) {
    say(one, "");
    remember(one, wanted);
    offer(wanted.comment);
    for (const each of answers) {
      const untouched = !isUnsaved(each);
      if (!said.everybody[each.id] || !untouched) continue;
      remember(each, said.everybody[each.id]);
      show(each);
    }
    mark(one);
    if (here === one) nextToGrade();
  } else {
    if (said.theirs) {
      remember(one, said.theirs);
      const { points, comment } = said.theirs;
      say(one, `${said.says} Theirs: ${points ?? "no points"}${comment ? ", " + comment : ""}`);
    } else say(one, "Not saved: " + said.says);
    mark(one);
    go(one);
  }
}

const keys = {
  n: nextToGrade,
  j: () => step(1),
  k: () => step(-1),
  a: () => here && tickAll(true),
  0: () => here && tickAll(false),
  p: () => here && field(here, "points").select(),
  c: () => here && field(here, "comment").focus(),
  s: () => here && save(here),
  t: () => { if (here) { show(here); say(here, ""); } },
};

document.addEventListener("keydown", (event) => {
  const inField = event.target.matches("input, textarea");
  if (inField && event.key === "Escape") here.focus();
  else if (inField && event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
    here.focus();
    save(here);
  } else if (inField || event.ctrlKey || event.metaKey || event.altKey) return;
  else if (here && event.shiftKey && /^Digit[1-9]$/.test(event.code)) use(event.code[5] - 1);
  else if (here && /^[1-9]$/.test(event.key)) tick(event.key - 1);
  else if (Object.hasOwn(keys, event.key)) keys[event.key]();
  else return;
  event.preventDefault();
});

for (const one of answers) {
  show(one);
  one.addEventListener("input", () => mark(one));
  one.addEventListener("focusin", () => { if (here !== one) go(one); });
  one.addEventListener("click", () => { if (here !== one) go(one); });
  field(one, "save").addEventListener("click", () => save(one));
}
ideas.forEach((idea, index) => idea.addEventListener("click", () => here && tick(index)));
again.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (button) use([...again.querySelectorAll("button")].indexOf(button));
});
window.addEventListener("beforeunload", (event) => {
  if (answers.some(isUnsaved)) event.preventDefault();
});
nextToGrade();
if (!here) go(answers[0]);
