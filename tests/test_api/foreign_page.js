// What a page of another origin can try with the cookie of somebody who is logged in at `base`.
async (base) => {
  const done = {};
  const box = `${base}api/v1/freecad/primitives/box`;
  const withCookie = { credentials: "include" };
  const json = { "Content-Type": "application/json" };
  const load = (tag, path) =>
    new Promise((resolve, reject) => {
      const element = document.createElement(tag);
      element.onload = () => resolve("loaded");
      element.onerror = reject;
      element.src = base + path;
      document.body.append(element);
    });
  const open = () =>
    new Promise((resolve, reject) => {
      const socket = new WebSocket(`${base.replace("http", "ws")}ws/freecad`);
      socket.onopen = () => resolve("open");
      socket.onerror = reject;
    });
  const submit = (kind) =>
    new Promise((resolve) => {
      const frame = document.createElement("iframe");
      const form = document.createElement("form");
      Object.assign(form, { method: "post", enctype: kind, action: box, target: kind });
      frame.name = kind;
      document.body.append(frame, form);
      frame.onload = () => setTimeout(resolve, 300, "sent");
      form.submit();
    });
  const attempts = {
    read: () => fetch(`${base}api/v1/freecad/objects`, withCookie).then((answer) => answer.text()),
    json: () => fetch(box, { ...withCookie, method: "POST", headers: json, body: "{}" }).then((answer) => answer.text()),
    delete: () => fetch(`${base}api/v1/freecad/objects/Kept`, { ...withCookie, method: "DELETE" }).then((answer) => answer.text()),
    blind: () => fetch(box, { ...withCookie, method: "POST", mode: "no-cors", body: "{}" }).then(() => "sent"),
    logout: () => fetch(`${base}logout`, { ...withCookie, method: "POST", mode: "no-cors" }).then(() => "sent"),
    picture: () => load("img", "docs/assets/favicon.png"),
    script: () => load("script", "console-assets/console.js"),
    socket: open,
    form: () => submit("application/x-www-form-urlencoded"),
    text: () => submit("text/plain"),
  };
  for (const [name, attempt] of Object.entries(attempts)) done[name] = await attempt().catch(() => "refused");
  return done;
};
