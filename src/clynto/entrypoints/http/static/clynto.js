// Makes the pages pleasanter where script runs; every page works without it.
"use strict";

(() => {
  const root = document.documentElement;
  root.classList.add("js");

  // Every change htmx sends carries the page's token.
  document.addEventListener("htmx:configRequest", (event) => {
    event.detail.headers["X-CSRF-Token"] = document.querySelector('meta[name="csrf-token"]').content;
  });
  // A refused form comes back as a page of its own: show it like any other.
  document.addEventListener("htmx:beforeSwap", (event) => {
    if (event.detail.xhr.status === 422 || event.detail.xhr.status === 409) event.detail.shouldSwap = true;
  });

  // A page that keeps itself up to date says so when it no longer can.
  const silence = Object.assign(document.createElement("div"), { className: "notice notice--warn" });
  silence.setAttribute("role", "alert");
  silence.innerHTML = "<p><b>Clynto does not answer.</b> What you see may be out of date; it goes on by itself when the connection is back.</p>";
  const fallSilent = (event) => {
    if (event.type === "htmx:sendError" || event.detail.xhr.status >= 500) document.getElementById("content").prepend(silence);
  };
  document.addEventListener("htmx:sendError", fallSilent);
  document.addEventListener("htmx:responseError", fallSilent);
  document.addEventListener("htmx:afterOnLoad", (event) => {
    if (event.detail.xhr.status < 500) silence.remove();
  });

  // Times in the viewer's zone; the exact one stays in the title.
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const day = { day: "numeric", month: "short", year: "numeric" };
  const minute = { ...day, hour: "2-digit", minute: "2-digit" };
  const localise = (within) => {
    for (const time of within.querySelectorAll("time[data-show]:not([data-local])")) {
      const at = new Date(time.dateTime);
      time.dataset.local = "";
      time.title = `${at.toLocaleString("en-GB", { ...minute, second: "2-digit" })} ${zone} (${time.title})`;
      if (time.dataset.show === "day") time.textContent = at.toLocaleDateString("en-GB", day);
      if (time.dataset.show === "minute") time.textContent = at.toLocaleString("en-GB", minute);
    }
  };

  // Dialogs: what a button without script gets from the server opens here at once.
  const modal = (dialog) => {
    if (dialog.matches(":modal")) return;
    dialog.close();
    dialog.showModal();
  };
  document.addEventListener("click", (event) => {
    const opener = event.target.closest("[data-dialog]");
    const closer = event.target.closest("[data-close]");
    if (opener) {
      const dialog = document.getElementById(opener.dataset.dialog);
      if (!dialog) return;
      event.preventDefault();
      for (const [name, value] of Object.entries(opener.dataset)) {
        const target = name.startsWith("set") && dialog.querySelector(`[data-slot="${name.slice(3).toLowerCase()}"]`);
        if (target) target.tagName === "INPUT" ? (target.value = value) : (target.textContent = value);
      }
      dialog.dataset.opener = opener.id;
      modal(dialog);
    } else if (closer) {
      event.preventDefault();
      closer.closest("dialog").close();
    } else if (event.target.closest("[data-put-away]")) {
      event.target.closest(".notice").remove();
      document.getElementById("content").focus({ preventScroll: true });
    } else if (event.target.matches("dialog")) {
      event.target.close();
    }
  });
  document.addEventListener("close", (event) => {
    // The button that opened it may have been read again meanwhile; the browser only knows the former one.
    const opener = document.getElementById(event.target.dataset.opener);
    const here = document.activeElement;
    if (opener && (here === document.body || event.target.contains(here))) opener.focus();
    if (event.target.matches("dialog") && location.search.includes("dialog=")) {
      const address = new URL(location.href);
      address.searchParams.delete("dialog");
      history.replaceState(null, "", address);
    }
  }, true);

  // One floating explanation for figures that need one.
  const tip = Object.assign(document.createElement("div"), { id: "tip", role: "tooltip", popover: "manual" });
  const showTip = (owner) => {
    tip.textContent = owner.dataset.tip;
    (owner.closest("dialog") || document.body).append(tip);
    if (tip.showPopover) tip.showPopover();
    const box = owner.getBoundingClientRect();
    const own = tip.getBoundingClientRect();
    const below = box.bottom + own.height + 12 < innerHeight;
    tip.style.left = `${Math.max(8, Math.min(box.right - own.width, innerWidth - own.width - 8))}px`;
    tip.style.top = `${below ? box.bottom + 6 : box.top - own.height - 6}px`;
  };
  const hideTip = () => tip.remove();
  for (const [begin, end] of [["mouseover", "mouseout"], ["focusin", "focusout"]]) {
    document.addEventListener(begin, (event) => {
      const owner = event.target.closest("[data-tip]");
      if (owner) showTip(owner);
    });
    document.addEventListener(end, hideTip);
  }

  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") hideTip();
    const typing = event.target.closest("input, textarea, select, [contenteditable]");
    const undo = document.querySelector("[data-undo]");
    if (event.key.toLowerCase() === "z" && (event.ctrlKey || event.metaKey) && !event.shiftKey && !event.altKey && !typing && undo && !document.querySelector("dialog:modal")) {
      event.preventDefault();
      undo.click();
    }
    const search = document.querySelector("[data-search]");
    if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey && search && !document.querySelector("dialog:modal")) {
      event.preventDefault();
      search.focus();
      search.select();
    }
  });

  document.addEventListener("click", async (event) => {
    const copier = event.target.closest("[data-copy]");
    const theme = event.target.closest("[data-theme-toggle]");
    if (copier) {
      const source = document.getElementById(copier.dataset.copy);
      source.select();
      await navigator.clipboard.writeText(source.value).catch(() => document.execCommand("copy"));
      copier.textContent = "Copied";
      copier.nextElementSibling.textContent = "Copied to the clipboard";
    }
    if (theme) {
      const isDark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
      root.dataset.theme = isDark ? "light" : "dark";
      document.cookie = `clynto_theme=${root.dataset.theme}; path=/; max-age=31536000; samesite=lax`;
    }
  });

  document.addEventListener("change", (event) => {
    if (event.target.matches("[data-send-on-change]")) event.target.form.requestSubmit();
    if (event.target.matches("[data-reveal]")) {
      document.getElementById(event.target.dataset.reveal).type = event.target.checked ? "text" : "password";
    }
  });
  // Nobody connects twice by clicking twice.
  document.addEventListener("submit", (event) => {
    const button = event.submitter;
    if (event.target.method === "post" && button && !event.target.hasAttribute("hx-post")) {
      setTimeout(() => { button.disabled = true; button.setAttribute("aria-busy", "true"); });
    }
  });
  addEventListener("pageshow", (event) => {
    if (event.persisted) document.querySelectorAll("[aria-busy]").forEach((b) => { b.disabled = false; b.removeAttribute("aria-busy"); });
  });

  // On a narrow screen a chart shows its newest end first, and a row of tabs the chosen one.
  const bringIntoView = (within) => {
    within.querySelectorAll("[data-newest]").forEach((chart) => { chart.scrollLeft = chart.scrollWidth; });
    within.querySelectorAll(".tabs [aria-current]").forEach((tab) => {
      const row = tab.parentElement;
      row.scrollLeft = tab.offsetLeft - row.offsetLeft - (row.clientWidth - tab.offsetWidth) / 2;
    });
  };

  // What somebody unfolded stays so when the page around it is read again, and so does the focus within.
  // Of what can be put aside the next one gets it, when the one that had it is gone; what is brought back gets it again.
  let unfolded = [], focused = [], wanted = "";
  document.addEventListener("htmx:beforeSwap", (event) => {
    unfolded = [...document.querySelectorAll("details[id][open]")].map((one) => one.id);
    const here = document.activeElement;
    focused = event.detail.target.contains(here) && here.id ? [here.id] : [];
    const aside = [...event.detail.target.querySelectorAll("[id^=aside-]")].map((one) => one.id);
    const at = aside.indexOf(focused[0]);
    if (at >= 0) focused.push(...aside.slice(at + 1), ...aside.slice(0, at).reverse());
    wanted = event.detail.requestConfig.elt.querySelector("[data-then]")?.dataset.then || "";
  });
  const unfoldAgain = () => {
    for (const id of unfolded.splice(0)) document.getElementById(id)?.setAttribute("open", "");
    if (wanted) {
      const back = document.getElementById(wanted);
      back?.closest("details")?.setAttribute("open", "");
      (back || document.getElementById("told")).focus({ preventScroll: !back });
      wanted = "";
    }
    // htmx gives the focus back too early for what was folded up at that moment.
    if (document.activeElement !== document.body) return;
    focused.map((id) => document.getElementById(id)).find((one) => one?.checkVisibility())?.focus({ preventScroll: true });
  };

  const settle = (within) => {
    unfoldAgain();
    localise(within);
    bringIntoView(within);
    within.querySelectorAll("dialog[open]").forEach(modal);
  };
  document.addEventListener("htmx:load", (event) => settle(event.target));
  settle(document);
  // After a refused form the work goes on where something has to be put right.
  document.querySelector("[aria-invalid]")?.focus();
})();
