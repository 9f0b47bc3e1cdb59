"use strict";
// The map: one canvas layer over Leaflet draws all areas from flat lists of points; a week of the slider is one redraw.
(function () {
  const SETTLED_MS = 400;
  const box = document.getElementById("map");
  if (!box) return;
  const status = document.getElementById("map-status"), again = document.getElementById("map-again");
  const fills = box.dataset.fills.split(",");
  const slider = document.getElementById("week");
  const days = slider.dataset.days.split(",");
  const heading = document.getElementById("map-title");
  const told = document.getElementById("area");
  const came = document.getElementById("came"), square = came.dataset;
  const kept = new Map(), there = new Set(), tried = new Set(), link = document.getElementById("link");
  const answer = document.getElementById("answer"), names = new Map([[answer.dataset.id, Promise.resolve(answer.textContent)]]);
  let naming = 0, current = null, chosen = -1, pinned = false, moved = false, fetching = false;

  if (!window.L) return failed("unreachable", slider.dataset.asOf);
  box.hidden = false;
  document.querySelector(".slider").hidden = false;
  document.getElementById("map-help").hidden = false;
  document.getElementById("png").hidden = false;
  if (document.getElementById("map-point")) document.getElementById("map-point").hidden = false;
  if (!days.includes(slider.dataset.asOf)) { days.push(slider.dataset.asOf); days.sort(); slider.max = days.length - 1; }
  slider.value = days.indexOf(slider.dataset.asOf);

  const map = L.map(box, { attributionControl: false, keyboard: false, zoomControl: false, zoomSnap: 0.25, fadeAnimation: false, zoomAnimation: false });
  L.control.zoom({ zoomInTitle: box.dataset.zoomIn, zoomOutTitle: box.dataset.zoomOut }).addTo(map);

  const Areas = L.Layer.extend({
    onAdd(to) {
      this.canvas = L.DomUtil.create("canvas", "leaflet-layer", to.getPane("overlayPane"));
      to.on("move zoom resize viewreset", this.draw, this);
      this.draw();
    },
    // Points once, in the plane of zoom 0; each drawing only scales and shifts them.
    take(shapes) {
      this.rings = new Map();
      this.middles = new Map();
      for (const [id, rings] of Object.entries(shapes.areas)) this.rings.set(id, rings.map(flat));
      for (const [id, rings] of this.rings) this.middles.set(id, middle(rings[0] || []));
      this.districts = shapes.districts.map(([name, rings]) => ({ name, rings: rings.map(flat) }));
    },
    draw() {
      const size = map.getSize(), ratio = window.devicePixelRatio || 1, corner = map.containerPointToLayerPoint([0, 0]);
      L.DomUtil.setPosition(this.canvas, corner);
      if (this.canvas.width !== size.x * ratio || this.canvas.height !== size.y * ratio) {
        this.canvas.width = size.x * ratio; this.canvas.height = size.y * ratio;
        this.canvas.style.width = size.x + "px"; this.canvas.style.height = size.y + "px";
      }
      if (this.rings && current) this.paint(this.canvas.getContext("2d"), ratio, size);
    },
    paint(pen, ratio, size) {
      const scale = Math.pow(2, map.getZoom()), origin = map.project(map.containerPointToLatLng([0, 0]), map.getZoom());
      pen.setTransform(ratio, 0, 0, ratio, 0, 0);
      pen.clearRect(0, 0, size.x, size.y);
      this.view = { scale, x: origin.x, y: origin.y };
      const groups = fills.map(() => new Path2D()), little = new Path2D();
      for (const area of current.areas) {
        const rings = this.rings.get(area[0]);
        if (!rings) continue;
        for (const ring of rings) { trace(groups[area[5]], ring, this.view); if (area[6]) trace(little, ring, this.view); }
      }
      pen.lineWidth = 0.5; pen.strokeStyle = "#90a4ae";
      groups.forEach((path, place) => { pen.fillStyle = fills[place]; pen.fill(path, "evenodd"); pen.stroke(path); });
      pen.fillStyle = hatch(pen); pen.fill(little, "evenodd");
      pen.lineWidth = 1.4; pen.strokeStyle = "#16242b";
      for (const district of this.districts) for (const ring of district.rings) { const path = new Path2D(); trace(path, ring, this.view); pen.stroke(path); }
      this.mark(pen);
      this.name(pen);
      this.count(pen);
    },
    mark(pen) {
      const rings = chosen >= 0 && this.rings.get(current.areas[chosen][0]);
      if (!rings) return;
      const path = new Path2D();
      for (const ring of rings) trace(path, ring, this.view);
      pen.lineWidth = 5; pen.strokeStyle = "#fff"; pen.stroke(path);
      pen.lineWidth = 3; pen.strokeStyle = "#d1495b"; pen.stroke(path);
    },
    name(pen) {
      pen.font = "600 12px " + getComputedStyle(document.body).fontFamily;
      pen.textAlign = "center"; pen.lineWidth = 3; pen.strokeStyle = "#fff"; pen.fillStyle = "#16242b";
      for (const district of this.districts) {
        const [x, y] = placed(middle(longest(district.rings)), this.view);
        pen.strokeText(district.name, x, y); pen.fillText(district.name, x, y);
      }
    },
    // What came: a square below the name of its place, as large in area as the count; an empty dashed one where none is told.
    count(pen) {
      const marks = current.came.marks, most = Math.max(...marks.map((each) => each[3] || 0));
      pen.textAlign = "center";
      for (const [east, north, label, least] of marks) {
        const spot = map.project([north, east], 0), [x, y] = placed([spot.x, spot.y], this.view);
        const side = 6 + (least === null ? 0 : 18 * Math.sqrt(least / most));
        pen.beginPath(); pen.rect(x - side / 2, y + 8, side, side);
        pen.fillStyle = least === null ? "rgba(255,255,255,.7)" : square.fill; pen.fill();
        pen.setLineDash(least === null ? [2, 2] : []); pen.lineWidth = 1.5; pen.strokeStyle = square.ink; pen.stroke();
        pen.setLineDash([]); pen.lineWidth = 3; pen.strokeStyle = "#fff"; pen.fillStyle = square.ink;
        pen.strokeText(label, x, y + side + 21); pen.fillText(label, x, y + side + 21);
      }
    },
    at(point) {
      const spot = map.project(map.containerPointToLatLng(point), 0);
      return current.areas.findIndex((area) => (this.rings.get(area[0]) || []).some((ring) => inside(ring, spot.x, spot.y)));
    },
  });
  const layer = new Areas();

  function flat(ring) {
    const points = new Float64Array(2 * ring.length);
    ring.forEach(([east, north], place) => { const spot = map.project([north, east], 0); points[2 * place] = spot.x; points[2 * place + 1] = spot.y; });
    return points;
  }
  function placed([x, y], view) { return [x * view.scale - view.x, y * view.scale - view.y]; }
  // A ring ends where it began, so nothing is left to close; closePath looks at the whole path, each time again.
  function trace(path, ring, view) {
    for (let at = 0; at < ring.length; at += 2) {
      const x = ring[at] * view.scale - view.x, y = ring[at + 1] * view.scale - view.y;
      if (at) path.lineTo(x, y); else path.moveTo(x, y);
    }
  }
  function middle(ring) {
    let x = 0, y = 0; const n = ring.length / 2 || 1;
    for (let at = 0; at < ring.length; at += 2) { x += ring[at]; y += ring[at + 1]; }
    return [x / n, y / n];
  }
  function longest(rings) { return rings.reduce((best, ring) => (ring.length > best.length ? ring : best), []); }
  function inside(ring, x, y) {
    let odd = false;
    for (let at = 0, before = ring.length - 2; at < ring.length; before = at, at += 2) {
      const above = ring[at + 1] > y, was = ring[before + 1] > y;
      if (above !== was && x < ((ring[before] - ring[at]) * (y - ring[at + 1])) / (ring[before + 1] - ring[at + 1]) + ring[at]) odd = !odd;
    }
    return odd;
  }
  function hatch(pen) {
    const tile = document.createElement("canvas");
    tile.width = tile.height = 8;
    const inner = tile.getContext("2d");
    inner.strokeStyle = "rgba(96,125,139,.45)"; inner.beginPath(); inner.moveTo(0, 8); inner.lineTo(8, 0); inner.stroke();
    return pen.createPattern(tile, "repeat");
  }

  function element(tag, text) { const made = document.createElement(tag); made.textContent = text; return made; }
  // What changes a forecast, then, small, what hardly does or may not be told.
  function listed([reasons, quiet]) {
    const list = document.createElement("ul");
    for (const reason of reasons) list.append(element("li", reason));
    for (const reason of quiet) list.append(Object.assign(element("li", reason), { className: "hint" }));
    return list;
  }
  function pageOf(day) { return box.dataset.page + "&as_of=" + day; }
  // All that names a day follows the slider: downloads, the other language, the field and the foot of the page.
  function follow(day, next) {
    for (const each of document.querySelectorAll("a.of-week, .who a")) {
      const to = new URL(each.href);
      to.searchParams.set("as_of", day);
      each.href = to.pathname + to.search;
    }
    document.getElementById("as_of").value = day;
    document.getElementById("stamp").textContent = next.stamp;
    document.getElementById("meaning").textContent = next.meaning;
    const below = document.getElementById("what-came");
    if (below) below.hidden = !next.over;
    came.querySelector("span").textContent = next.came.legend;
    for (const each of document.querySelectorAll("li.came")) each.hidden = !next.came.marks.length;
    slider.setAttribute("aria-valuetext", next.title);
    answer.textContent = "";
    clearTimeout(naming);
    naming = setTimeout(async () => { const told = await named(next, day); if (next === current) answer.textContent = told; }, names.has(next.answer) ? 0 : SETTLED_MS);
  }
  // The words with the id under which the service records that a week is shown: asked for once the slider rests, so that
  // weeks passed over leave no record. None where records have come in since the week was fetched: theirs is another id.
  function named(shown, day) {
    const id = shown.answer;
    if (!names.has(id)) names.set(id, json(box.dataset.answer + "&as_of=" + day).then((told) => (told.id === id ? told.text : ""), () => { names.delete(id); return ""; }));
    return names.get(id);
  }
  // What is going on, in words, and what to do about it: nothing here fails in silence.
  function say(why) {
    status.textContent = why ? status.dataset[why] + (current ? " " + status.dataset.stillOld : "") : "";
    box.classList.toggle("stale", Boolean(why && current));
    again.hidden = true;
  }
  function failed(why, day) {
    say(why);
    const to = again.querySelector("a");
    to.href = pageOf(day);
    to.textContent = why === "signedOut" ? to.dataset.enter : to.dataset.again;
    again.hidden = why === "noForecast";
    box.hidden = !current;
  }
  // The address of the page is that of the map as it is seen: what is copied from the browser shows the same.
  function address() {
    const area = pinned && chosen >= 0 ? "&area=" + encodeURIComponent(current.areas[chosen][0]) : "";
    const centre = map.getCenter(), seen = moved ? "#" + [map.getZoom(), centre.lat.toFixed(4), centre.lng.toFixed(4)].join("/") : "";
    link.href = pageOf(box.dataset.shown) + area + seen;
    history.replaceState(null, "", link.href);
  }
  function tell(place) {
    if (place === chosen || place < 0) return;
    chosen = place;
    const area = current.areas[place], list = listed(current.reasons[area[4]]);
    told.replaceChildren(element("h3", area[2] && area[2] !== area[1] ? area[1] + " · " + area[2] : area[1]), element("p", current.texts[area[3]]), ...counted(place), list);
    layer.draw();
  }
  // What came where the area lies, in words; nothing in weeks that are not over.
  function counted(place) {
    if (!current.came.legend) return [];
    const told = element("p", came.dataset.label + " " + current.came.texts[current.came.of[place]]);
    told.className = "came";
    return [told];
  }
  // The nearest area whose middle lies in the direction of the key, sideways distance counting double.
  function towards(dx, dy) {
    if (chosen < 0) return tell(0);
    const [x, y] = layer.middles.get(current.areas[chosen][0]) || [0, 0];
    let best = -1, least = Infinity;
    current.areas.forEach((area, place) => {
      const [ox, oy] = layer.middles.get(area[0]) || [NaN, NaN], along = (ox - x) * dx + (oy - y) * dy, aside = Math.abs((ox - x) * dy) + Math.abs((oy - y) * dx);
      if (place !== chosen && along > 0 && aside <= along && along + 2 * aside < least) { least = along + 2 * aside; best = place; }
    });
    tell(best);
  }
  const KEYS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
  box.addEventListener("keydown", (event) => {
    if (!current) return;
    if (KEYS[event.key]) towards(...KEYS[event.key]);
    else if (event.key === "Home") tell(0);
    else if (event.key === "+" || event.key === "=") map.zoomIn();
    else if (event.key === "-") map.zoomOut();
    else return;
    pinned = true;
    address();
    event.preventDefault();
  });
  map.on("mousemove", (event) => { if (current && !pinned) tell(layer.at(event.containerPoint)); });
  map.on("click", (event) => { if (!current) return; const place = layer.at(event.containerPoint); pinned = place >= 0 && !(pinned && place === chosen); tell(place); address(); });
  map.on("zoomend dragend", () => { if (box.dataset.ready) { moved = true; address(); } });

  function why(error) { return error.message in status.dataset ? error.message : "unreachable"; }
  async function json(address) {
    const answer = await fetch(address, { credentials: "same-origin" });
    if (answer.redirected) throw new Error("signedOut"); // to the door: the session has ended
    if (!answer.ok) throw new Error([404, 409, 422].includes(answer.status) ? "noForecast" : "unreachable");
    return answer.json();
  }
  function week(day) {
    if (!kept.has(day)) kept.set(day, json(box.dataset.data + "&as_of=" + day).then((next) => { there.add(day); return next; }, (error) => { kept.delete(day); throw error; }));
    return kept.get(day);
  }
  async function show(day) {
    if (!there.has(day)) say("loading");
    let next;
    try { next = await week(day); } catch (error) {
      if (days[slider.value] === day) failed(why(error), day);
      return;
    }
    if (days[slider.value] !== day) return;
    say("");
    const id = current && chosen >= 0 ? current.areas[chosen][0] : null;
    current = next; chosen = -1;
    heading.textContent = next.title;
    const before = heading.className;
    for (const each of [heading, box]) each.classList.replace(before, next.stage);
    table(next, day);
    layer.draw();
    if (id) tell(next.areas.findIndex((area) => area[0] === id));
    box.dataset.shown = day;
    follow(day, next);
    address();
    ahead();
  }
  // The other weeks are fetched one after the other, the nearest to the slider first, so that a step finds its week here.
  async function ahead() {
    if (fetching) return;
    fetching = true;
    for (let next = nearest(); next; next = nearest()) { tried.add(next); await week(next).catch(() => {}); }
    fetching = false;
    box.dataset.ahead = "yes";
  }
  function nearest() {
    const far = (day) => Math.abs(days.indexOf(day) - slider.value);
    return days.filter((day) => !tried.has(day) && !kept.has(day)).sort((one, other) => far(one) - far(other))[0];
  }
  function table(next, day) {
    const body = document.querySelector("#top tbody"), labels = [...document.querySelectorAll("#top thead th")].map((each) => each.textContent);
    const rows = next.areas.slice(0, body.rows.length).map((area, place) => {
      const row = document.createElement("tr"), head = element("th", ""), name = element("a", area[1]), reasons = document.createElement("td"), list = listed(next.reasons[area[4]]);
      name.href = pageOf(day) + "&area=" + encodeURIComponent(area[0]) + "#area";
      head.append(name);
      head.scope = "row"; list.className = "bare";
      reasons.append(list.children.length ? list : box.dataset.noReasons);
      row.append(head, element("td", area[2] || "–"), element("td", next.texts[area[3]]), element("td", next.came.texts[next.came.of[place]]), reasons);
      [...row.cells].forEach((cell, column) => { if (column) cell.dataset.label = labels[column]; });
      return row;
    });
    if (rows.length) body.replaceChildren(...rows);
  }
  slider.addEventListener("input", () => show(days[slider.value]));

  document.getElementById("png").addEventListener("click", async () => {
    const legend = [...document.querySelectorAll(".legend li:not([hidden])")].map((item) => ({ swatch: item, text: item.textContent.trim() }));
    const shown = current, told = await named(shown, box.dataset.shown);
    if (shown !== current) return;
    const foot = [...["stamp", "aid"].map((each) => document.getElementById(each).textContent), told];
    const sheet = window.mapSheet(layer.canvas, { title: heading.textContent, legend, foot });
    sheet.toBlob((blob) => {
      const anchor = document.createElement("a");
      anchor.href = URL.createObjectURL(blob); anchor.download = "waystation-map-" + box.dataset.shown + ".png"; anchor.click();
      setTimeout(() => URL.revokeObjectURL(anchor.href), 1000);
    });
  });

  map.setView([0, 0], 1);
  say("loading");
  Promise.all([json(box.dataset.shapes + "&as_of=" + slider.dataset.asOf), week(slider.dataset.asOf)]).then(([shapes]) => {
    layer.take(shapes);
    const points = [...Object.values(shapes.areas), ...shapes.districts.map((each) => each[1])].flat(2).map(([east, north]) => [north, east]);
    const [zoom, ...centre] = location.hash.slice(1).split("/").map(Number);
    moved = centre.length === 2 && [zoom, ...centre].every(Number.isFinite);
    if (moved) map.setView(centre, zoom);
    else if (points.length) map.fitBounds(L.latLngBounds(points), { padding: [12, 12] });
    layer.addTo(map);
    return show(slider.dataset.asOf);
  }).then(() => {
    tell(current.areas.findIndex((area) => area[0] === told.dataset.chosen));
    pinned = chosen >= 0;
    address();
    box.dataset.ready = "yes";
  }).catch((error) => { box.dataset.ready = "failed"; failed(why(error), slider.dataset.asOf); });
})();
