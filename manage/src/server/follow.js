// Follows the program that made this page: reloads it when a newer one serves, and shows why there is none.
(() => {
  const script = document.currentScript;
  const generation = script.dataset.generation;
  const events = new EventSource(script.dataset.events);
  const reloaded = "manage-reloaded-for";
  // On the page that stands in for the program, the message has a place of its own.
  const reason = document.getElementById("manage-reason");
  let box = null;

  // Not on a mere disconnect: the events connect again by themselves, perhaps to another program.
  events.addEventListener("program", (event) => {
    if (event.data !== generation && sessionStorage.getItem(reloaded) !== event.data) {
      sessionStorage.setItem(reloaded, event.data);
      location.reload();
    }
  });
  // Static files have changed, which the same program serves.
  events.addEventListener("pages", () => location.reload());
  events.addEventListener("failed", (event) => show(JSON.parse(event.data)));
  events.addEventListener("fine", hide);
  addEventListener("pagehide", () => events.close());

  function show(text) {
    if (reason) {
      reason.textContent = text;
      return;
    }
    hide();
    box = document.createElement("div");
    box.setAttribute("role", "alert");
    box.setAttribute("lang", "en");
    const inside = box.attachShadow({ mode: "open" });
    const style = new CSSStyleSheet();
    style.replaceSync(`
      :host { position: fixed; inset: 0; z-index: 2147483647; display: block; overflow: auto;
        background: #1c1d21; color: #f3f3f5; font: 16px/1.5 system-ui, sans-serif; padding: 1.5rem; }
      h1 { font-size: 1.25rem; margin: 0 0 .25rem; color: #ffb4ab; }
      p { margin: 0 0 1rem; color: #c9cad1; }
      pre { margin: 0; font: 14px/1.45 ui-monospace, monospace; white-space: pre-wrap; overflow-wrap: anywhere; }
      button { float: right; font: inherit; color: inherit; background: #35363d; border: 1px solid #797b87;
        border-radius: 4px; padding: .25rem .75rem; cursor: pointer; }
      button:focus-visible { outline: 3px solid #8ab4ff; outline-offset: 2px; }`);
    inside.adoptedStyleSheets = [style];
    const add = (name, text) => {
      const element = document.createElement(name);
      element.textContent = text;
      inside.append(element);
      return element;
    };
    add("button", "Close").addEventListener("click", hide);
    add("h1", "The change is not running");
    add("p", "The page below is from the previous program. This message disappears when the change builds and starts.");
    const message = add("pre", text);
    message.tabIndex = 0;
    message.setAttribute("aria-label", "Message");
    document.documentElement.append(box);
  }

  function hide() {
    box?.remove();
    box = null;
  }
})();
