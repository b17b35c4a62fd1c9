// Reloads the page when the content was rebuilt, unless a form holds what was not sent; filters the list of entries.
"use strict";

const changes = document.body.dataset.changes;
const fields = [...document.querySelectorAll("form input, form select, form textarea")];
const filled = () => fields.some((field) =>
  field.tagName === "SELECT" ? [...field.options].some((one) => one.selected !== one.defaultSelected && (one.defaultSelected || one.index > 0))
    : field.value !== field.defaultValue);

async function look() {
  let wait = "busy" in document.body.dataset ? 500 : 1500;
  try {
    const state = await (await fetch("/state")).json();
    if (String(state.changes) !== changes) {
      if (!filled()) return location.reload();
      document.getElementById("stale").hidden = false;
    }
  } catch {
    wait = 5000;  // the preview was stopped; it may come back
  }
  setTimeout(look, document.hidden ? 5000 : wait);
}
setTimeout(look, 500);

const box = document.getElementById("filter");
if (box) {
  const rows = [...document.querySelectorAll("li[data-text]")];
  const topics = [...document.querySelectorAll("details.topic")];
  const filter = () => {
    const words = box.value.trim().toLowerCase().split(/\s+/).filter(Boolean);
    let count = 0;
    for (const row of rows) {
      row.hidden = !words.every((word) => row.dataset.text.includes(word));
      count += !row.hidden;
    }
    for (const list of document.querySelectorAll(".topic ul")) {
      const none = !list.querySelector("li:not([hidden])");
      list.hidden = none;
      if (list.previousElementSibling?.tagName === "H3") list.previousElementSibling.hidden = none;
    }
    for (const topic of topics) {
      topic.hidden = !topic.querySelector("li:not([hidden])");
      topic.open = words.length > 0 && !topic.hidden;
    }
    document.getElementById("filter-count").textContent = words.length ? `${count} 篇` : "";
    sessionStorage.setItem("filter", box.value);
  };
  box.closest(".filter").hidden = false;
  box.value = sessionStorage.getItem("filter") ?? "";
  if (box.value) filter();
  box.addEventListener("input", filter);
}

// A place inside a folded part opens it.
const target = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
if (target) for (let part = target.closest("details"); part; part = part.parentElement.closest("details")) part.open = true;
