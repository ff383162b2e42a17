// Light or dark: the reader's system decides until the switch is used. Loaded before the first paint.
"use strict";
(function () {
  const key = "report-theme";
  const system = matchMedia("(prefers-color-scheme: dark)");
  let chosen = null;
  try {
    chosen = localStorage.getItem(key);
  } catch {
    // Some browsers keep nothing for pages from files.
  }
  const listeners = [];
  const isDark = () => (chosen === null ? system.matches : chosen === "dark");
  function apply() {
    document.documentElement.dataset.theme = isDark() ? "dark" : "light";
    listeners.forEach((listener) => listener());
  }
  apply();
  system.addEventListener("change", apply);
  globalThis.ReportTheme = {
    isDark,
    onChange: (listener) => listeners.push(listener),
    toggle() {
      chosen = isDark() ? "light" : "dark";
      try {
        localStorage.setItem(key, chosen);
      } catch {
        // The choice then lasts as long as the page.
      }
      apply();
    },
  };
})();
