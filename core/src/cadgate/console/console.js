// The console of one adapter: sends code over the WebSocket, shows its output, and keeps the lists up to date.

const adapter = decodeURIComponent(location.pathname.split("/").pop());
const root = new URL("..", location.href); // whatever path a proxy serves the gateway at
const route = `/api/v1/${encodeURIComponent(adapter)}`;
const api = at(route);
const byId = (id) => document.getElementById(id);
const code = byId("code"), output = byId("output"), state = byId("state");

const READ_AGAIN = { objects: true, scene: true };
const EVENTS_SHOWN = 200;
const WITHDRAWN = 4401; // the code of a connection whose key or log-in has ended
const OUTPUT_SHOWN = 2_000_000; // characters; the oldest go first
const history = [];
const OWN_PREVIEW = "console-preview-"; // prefix of the ids of the requests for the preview
let place = 0, number = 0, running = null, socket = null, retry = 250, lastSeq = null, session = null;

byId("adapter").textContent = adapter;
document.title = `${adapter} – cadgate console`;

function at(path) {
  return new URL(path.replace(/^\//, ""), root).href;
}

function logIn() {
  location.assign(at(`login?next=${encodeURIComponent(location.pathname)}`));
}

// Returns the envelope of a response; null if there was none.
async function ask(url, options) {
  try {
    const response = await fetch(url, options);
    if (response.status === 401) logIn();
    return await response.json();
  } catch {
    return null;
  }
}

// --- what is shown ---------------------------------------------------------------------------------------------------

function show(text, kind) {
  const atEnd = output.scrollHeight - output.scrollTop - output.clientHeight < 40;
  const last = output.lastElementChild;
  if (last && last.className === kind && last.textContent.length < 50_000) last.firstChild.appendData(text);
  else {
    const span = document.createElement("span");
    span.className = kind;
    span.append(text);
    output.append(span);
  }
  let size = 0;
  for (const child of [...output.children].reverse()) {
    size += child.textContent.length;
    if (size > OUTPUT_SHOWN) child.remove();
  }
  if (atEnd) output.scrollTop = output.scrollHeight;
}

function setState(text, up) {
  state.textContent = text;
  state.dataset.up = String(up);
}

function item(list, left, right) {
  const entry = document.createElement("li");
  for (const text of [left, right]) {
    const span = document.createElement("span");
    span.textContent = text;
    entry.append(span);
  }
  list.append(entry);
  return entry;
}

function showEvent(topic, data) {
  const texts = {
    objects: () => `${data.action} ${data.name}`,
    status: () => data.status,
    render: () => `${data.state ?? ""} ${Math.round(data.percent ?? 0)} %`,
  };
  const text = texts[topic]?.() ?? JSON.stringify(data);
  const list = byId("events");
  list.prepend(item(list, text, topic));
  while (list.children.length > EVENTS_SHOWN) list.lastElementChild.remove();
}

// --- lists and preview, refreshed shortly after a change -----------------------------------------------------------------

let reading = null;
function changed() {
  clearTimeout(reading);
  reading = setTimeout(async () => { await readObjects(); readPreview(); }, 150);
}

async function readObjects() {
  const answer = await ask(`${api}/objects?limit=500`);
  if (answer?.status !== "success") return;
  const list = byId("objects");
  list.replaceChildren();
  for (const object of answer.result.objects) item(list, object.label ?? object.name, object.type);
  count = answer.result.total;
  byId("count").textContent = `(${count})`;
}

let drawing = false, drawAgain = false, drawn = null, count = 0; // drawn: the route of the picture, or null
async function readPreview() {
  if (!drawn) return;
  if (drawn.startsWith("/look") && count === 0) { noPicture("There is nothing to see yet."); return; }
  if (drawing) { drawAgain = true; return; }
  drawing = true;
  try {
    const headers = { Accept: "image/png", "X-Request-ID": OWN_PREVIEW + crypto.getRandomValues(new Uint32Array(2)).join("-") };
    const response = await fetch(`${api}${drawn}`, { headers });
    if (response.ok) {
      const picture = byId("preview"), old = picture.src;
      picture.src = URL.createObjectURL(await response.blob());
      await picture.decode();
      if (old.startsWith("blob:")) URL.revokeObjectURL(old);
      picture.hidden = false;
      byId("preview-note").hidden = true;
    } else {
      const { error } = await response.json();
      noPicture(`No preview: ${error.message}`);
    }
  } catch {
    noPicture("No preview: the gateway did not answer.");
  } finally {
    drawing = false;
    if (drawAgain) { drawAgain = false; readPreview(); }
  }
}

function noPicture(text) {
  byId("preview").hidden = true;
  byId("preview-note").hidden = false;
  byId("preview-note").textContent = text;
}

// --- jobs ----------------------------------------------------------------------------------------------------------------

const jobs = new Map(); // those that have not ended, by id

async function readJobs() {
  for (const wanted of ["queued", "running"]) {
    const answer = await ask(at(`api/v1/jobs?application=${encodeURIComponent(adapter)}&state=${wanted}&limit=50`));
    if (answer?.status !== "success") return;
    for (const job of answer.result.jobs) jobs.set(job.id, job);
  }
  showJobs();
}

function jobChanged(data) {
  if (["queued", "running"].includes(data.state)) jobs.set(data.id, data);
  else {
    jobs.delete(data.id);
    readFiles();
  }
  showJobs();
}

function showJobs() {
  const list = byId("jobs");
  byId("jobs-box").hidden = jobs.size === 0;
  byId("job-count").textContent = `(${jobs.size})`;
  for (const entry of [...list.children]) if (!jobs.has(entry.dataset.id)) entry.remove();
  for (const job of jobs.values()) {
    const entry = [...list.children].find((one) => one.dataset.id === job.id) ?? jobEntry(list, job);
    const { fraction, step, steps, message } = job.progress;
    entry.querySelector("progress").value = fraction;
    entry.firstChild.textContent = `${job.method} ${steps ? `${step}/${steps} ` : ""}${message ?? job.state}`;
  }
}

function jobEntry(list, job) {
  const entry = item(list, "", ""), bar = document.createElement("progress"), cancel = document.createElement("button");
  entry.dataset.id = job.id;
  bar.max = 1;
  bar.ariaLabel = "Progress";
  cancel.type = "button";
  cancel.textContent = "Cancel";
  cancel.onclick = async () => {
    cancel.disabled = true;
    const answer = await ask(at(`api/v1/jobs/${job.id}`), { method: "DELETE" });
    if (answer?.status !== "success") show(answer ? `${answer.error.message}\n` : "[the gateway did not answer]\n", "error");
  };
  entry.lastChild.append(bar, " ", cancel);
  return entry;
}

async function readFiles() {
  const answer = await ask(at("api/v1/artifacts?limit=50"));
  if (answer?.status !== "success") return;
  const list = byId("files");
  list.replaceChildren();
  for (const file of answer.result.artifacts) {
    const entry = item(list, "", size(file.size)), link = document.createElement("a");
    link.href = file.url;
    link.textContent = link.title = file.name;
    entry.firstChild.append(link);
  }
  byId("file-count").textContent = `(${answer.result.total})`;
}

function size(bytes) {
  const units = ["B", "KiB", "MiB", "GiB"];
  let unit = 0;
  for (; bytes >= 1024 && unit < units.length - 1; unit++) bytes /= 1024;
  return `${bytes.toFixed(unit && bytes < 10 ? 1 : 0)} ${units[unit]}`;
}

async function readAdapters() {
  const answer = await ask(at("plugins"));
  for (const plugin of answer?.result?.plugins ?? []) {
    if (plugin.status !== "active") continue;
    if (plugin.name === adapter) {
      const has = (method, path) => plugin.routes.some((one) => one.method === method && one.path === route + path);
      drawn = has("GET", "/render/preview") ? "/render/preview?width=640"
        : has("GET", "/look.png") ? "/look.png?views=iso&size=400" : null;
      byId("refresh").hidden = !drawn;
      noPicture(drawn ? "Drawing…" : `${plugin.title} has no preview. Export a file to view it.`);
      byId("export").hidden = !has("POST", "/export");
      continue;
    }
    const link = document.createElement("a");
    link.href = at(`console/${encodeURIComponent(plugin.name)}`);
    link.textContent = plugin.title;
    byId("adapters").append(link);
  }
}

// --- the application ---------------------------------------------------------------------------------------------------

function showState(status, reason) {
  const up = ["up", "busy", "restarted"].includes(status);
  // "restarted" is an event, not a state: the application is up from then on.
  const text = { up: "connected", restarted: "connected", busy: "connected; busy" }[status] ?? status;
  setState(up && code.disabled ? `${text}; executing code is disabled` : reason ? `${text}: ${reason}` : text, up);
}

async function readState() {
  const answer = await ask(at(`health/${encodeURIComponent(adapter)}`));
  if (socket?.readyState !== WebSocket.OPEN || !answer) return;
  if (answer.status === "success") showState(answer.result.status);
  else showState({ application_starting: "starting" }[answer.error.code] ?? "down", answer.error.message);
}

async function act(path, body, onSuccess) {
  const options = { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) };
  const answer = await ask(api + path, body === undefined ? { method: "POST" } : options);
  if (answer?.status === "success") onSuccess(answer.result);
  else show(answer ? `${answer.error.code}: ${answer.error.message}\n` : "[the gateway did not answer]\n", "error");
}

function showFile({ artifact, warnings }) {
  show("Exported ", "ran");
  const link = document.createElement("a");
  link.href = artifact.url;
  link.textContent = artifact.name;
  output.append(link);
  show(` ${size(artifact.size)}\n`, "ran");
  for (const warning of warnings ?? []) show(`${warning.code}: ${warning.message}\n`, "stderr");
  output.scrollTop = output.scrollHeight;
  readFiles();
}

byId("undo").onclick = () => act("/undo", undefined, () => show("Undone.\n", "ran"));
byId("redo").onclick = () => act("/redo", undefined, () => show("Redone.\n", "ran"));
byId("export").onclick = () => act("/export", {}, showFile);
byId("restart").onclick = () => {
  if (!confirm("Restart the application? Documents are restored; running code is stopped.")) return;
  act("/restart", undefined, () => show("The application is restarting…\n", "ran"));
};
byId("logout").hidden = !("login" in document.body.dataset);
byId("logout").onclick = async () => {
  await fetch(at("logout"), { method: "POST" }).catch(() => null);
  location.assign(at("login"));
};

// --- the connection --------------------------------------------------------------------------------------------------

const handlers = {
  hello(message) {
    retry = 250;
    byId("run").disabled = code.disabled = !message.execute;
    showState("up");
    readState();
    const again = session === message.session && lastSeq !== null;
    session = message.session;
    send({ type: "subscribe", id: "topics", topics: ["objects", "scene", "render", "status", "clients", "jobs"], ...(again ? { since: lastSeq } : {}) });
    changed();
    readFiles();
    readJobs();
  },
  stream(message) {
    show(message.text, message.name);
    if (message.truncated) show("[more output was dropped]\n", "error");
  },
  result(message) {
    if (message.id !== running) return;
    running = null;
    byId("stop").disabled = true;
    if (message.status === "error") show(message.error.traceback || `${message.error.code}: ${message.error.message}\n`, "error");
    else if (message.result.repr !== null && message.result.repr !== "None") show(`${message.result.repr}\n`, "value");
  },
  event(message) {
    lastSeq = message.seq;
    if (message.topic === "status") {
      showState(message.data.status, ["down", "unavailable"].includes(message.data.status) ? message.data.reason : "");
      if (message.data.status === "restarted") readState();
    }
    if (message.data?.request_id?.startsWith?.(OWN_PREVIEW)) return;
    if (message.topic === "jobs") return jobChanged(message.data);
    if (message.topic === "render" && message.data.state === "done") readFiles();
    showEvent(message.topic, message.data);
    const reads = message.topic === "status" ? ["up", "restarted"].includes(message.data.status) : message.topic in READ_AGAIN;
    if (reads) changed();
  },
  error(message) { show(`${message.error.code}: ${message.error.message}\n`, "error"); },
};

function connect() {
  socket = new WebSocket(at(`ws/${encodeURIComponent(adapter)}`).replace(/^http/, "ws"));
  socket.onmessage = ({ data }) => { const message = JSON.parse(data); handlers[message.type]?.(message); };
  socket.onclose = ({ code: reason }) => {
    if (reason === WITHDRAWN) return logIn();
    if (running !== null) show("[the connection ended]\n", "error");
    running = null;
    byId("stop").disabled = true;
    setState("not connected; trying again", false);
    setTimeout(async () => {
      await ask(at("version")); // leads to the log-in page if that is the reason
      connect();
    }, retry);
    retry = Math.min(retry * 2, 5000);
  };
}

function send(message) {
  if (socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify(message));
}

function run() {
  if (running !== null || code.disabled || !code.value.trim() || socket.readyState !== WebSocket.OPEN) return;
  if (history.at(-1) !== code.value) history.push(code.value);
  place = history.length;
  running = `run-${++number}`;
  byId("stop").disabled = false;
  show(code.value.replace(/^/gm, "> ") + "\n", "ran");
  send({ type: "execute", id: running, code: code.value, timeout_seconds: 3600 });
}

const interrupt = () => { if (running !== null) send({ type: "interrupt", id: running }); };
const clear = () => output.replaceChildren();

function recall(step) {
  if (!history.length) return;
  place = Math.max(0, Math.min(history.length, place + step));
  code.value = history[place] ?? "";
}

byId("run").onclick = run;
byId("stop").onclick = interrupt;
byId("clear").onclick = clear;
byId("refresh").onclick = readPreview;
document.addEventListener("keydown", (event) => {
  if ((event.ctrlKey || event.metaKey) && event.key === "Enter") run();
  else if ((event.ctrlKey || event.metaKey) && event.key === ".") interrupt();
  else if (event.ctrlKey && event.key === "l") clear();
  else if (event.altKey && event.key === "ArrowUp") recall(-1);
  else if (event.altKey && event.key === "ArrowDown") recall(1);
  else return;
  event.preventDefault();
});

code.focus();
await readAdapters();
connect();
