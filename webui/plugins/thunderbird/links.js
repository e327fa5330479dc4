// Where tracked links lead. No module, as it runs inside messages too, where none can be imported.

(() => {
  /** Where a link really leads, where that stands in it; null where it does not, or where it leads there anyway. */
  globalThis.destination = function destination(href) {
    const whole = web(href);
    if (whole === null) return null;
    const here = new URL(whole);
    const values = [];
    // Inside a message, what is not the script's own cannot be iterated over.
    new URLSearchParams(here.search).forEach((value) => values.push(value));
    for (const value of [...values, here.pathname.slice(1)]) {
      const url = inside(value);
      if (url !== null && new URL(url).hostname !== here.hostname) return url;
    }
    return null;
  };

  function web(url) {
    try {
      const parsed = new URL(url);
      return ["http:", "https:"].includes(parsed.protocol) ? parsed.href : null;
    } catch {
      return null;
    }
  }

  function inside(value) {
    for (const form of [value, decoded(value), unpacked(value)]) {
      if (form !== null && /^https?:\/\/[^/\s]+\.[^/\s]/i.test(form)) return web(form);
    }
    return null;
  }

  function decoded(value) {
    try {
      return decodeURIComponent(value);
    } catch {
      return null;
    }
  }

  function unpacked(value) {
    if (value.length < 12 || value.length > 4096 || !/^[A-Za-z0-9_=+/-]+$/.test(value)) return null;
    try {
      return atob(value.replaceAll("-", "+").replaceAll("_", "/"));
    } catch {
      return null;
    }
  }
})();
