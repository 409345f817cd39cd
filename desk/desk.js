// What a page can do without this script, it does. The script looks at words while they
// are typed, and goes on by itself when a submission ends.
"use strict";

for (const area of document.querySelectorAll("textarea[data-lint]")) {
  const list = document.getElementById(area.dataset.lint);
  let timer, latest = 0;
  const look = async () => {
    const mine = ++latest;
    try {
      const answer = await fetch("lint", { method: "POST", headers: { "Content-Type": "text/plain" }, body: area.value });
      if (!answer.ok || mine !== latest) return;
      list.replaceChildren(...(await answer.json()).map((text) => {
        const item = document.createElement("li");
        item.textContent = text;
        return item;
      }));
    } catch {
      // The desk was closed. The next page says so.
    }
  };
  area.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(look, 400);
  });
}

if (document.querySelector("[data-again]")) location.reload();
