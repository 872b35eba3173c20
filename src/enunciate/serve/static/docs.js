// The page /docs: what openapi.json describes, for people.

import { byId, el } from "./dom.js";

/** @typedef {{$ref?: string, type?: string, description?: string, enum?: string[], const?: string, anyOf?: Schema[], items?: Schema, properties?: Record<string, Schema>, required?: string[], maxLength?: number, additionalProperties?: unknown}} Schema */
/** @typedef {{schema?: Schema, example?: unknown}} Media */
/** @typedef {{description?: string, content?: Record<string, Media>}} Answer */
/** @typedef {{name: string, in: string, required?: boolean, description?: string, schema: Schema}} Parameter */
/** @typedef {{description?: string, parameters?: Parameter[], requestBody?: {content: Record<string, Media>}, responses: Record<string, Answer>}} Operation */
/** @typedef {{info: {version: string, description: string}, paths: Record<string, Record<string, Operation>>, components: {schemas: Record<string, Schema>}}} Description */

/** Text in which what stands between backticks is code. @param {string} text @returns {(Node | string)[]} */
const marked = (text) => text.split("`").map((part, i) => (i % 2 ? el("code", {}, part) : part));

/** @param {string} reference */
const nameOf = (reference) => reference.split("/").pop() ?? "";

/** @param {Schema} schema @returns {(Node | string)[]} what a value may be, with links to the forms of objects */
function kind(schema) {
  if (schema.$ref) return [el("a", { href: `#${nameOf(schema.$ref)}` }, nameOf(schema.$ref))];
  if (schema.anyOf) return schema.anyOf.flatMap((one, i) => [...(i ? [" or "] : []), ...kind(one)]);
  if (schema.enum) return [schema.enum.map((value) => JSON.stringify(value)).join(", ")];
  if (schema.const !== undefined) return [JSON.stringify(schema.const)];
  if (schema.type === "array" && schema.items) return ["list of ", ...kind(schema.items)];
  return [schema.type ?? "any"];
}

/** @param {[string, Schema, boolean][]} fields name, schema, whether it is required */
function table(fields) {
  const head = el("tr", {}, ...["field", "value", "meaning"].map((name) => el("th", { scope: "col" }, name)));
  const rows = fields.map(([name, schema, required]) =>
    el(
      "tr",
      {},
      el("th", { scope: "row" }, el("code", {}, name), required ? "" : " (optional)"),
      el("td", {}, ...kind(schema)),
      el("td", {}, ...marked(schema.description ?? "")),
    ),
  );
  return el("table", {}, el("thead", {}, head), el("tbody", {}, ...rows));
}

/** @param {Schema} schema */
const fieldsOf = (schema) =>
  Object.entries(schema.properties ?? {}).map(
    ([name, field]) => /** @type {[string, Schema, boolean]} */ ([name, field, (schema.required ?? []).includes(name)]),
  );

/** @param {unknown} value */
const json = (value) => el("pre", { tabindex: "0" }, JSON.stringify(value, null, 2));

/** A command that works as it stands, given the files. @param {string} path @param {string} media @param {Media} body */
function command(path, media, body) {
  const address = new URL(`.${path}`, location.href).href;
  if (media === "application/json") {
    const shown = JSON.stringify(body.example ?? {}).replaceAll("'", "'\\''");
    return `curl -H 'Content-Type: application/json' -d '${shown}' ${address}`;
  }
  const clip = "-F audio=@clip.wav --form-string 'text=I think so.'";
  return `curl ${path.endsWith(":batch") ? `${clip} ${clip.replace("clip", "other")}` : clip} ${address}`;
}

/** @param {string} path @param {string} media @param {Media} body @returns {Node[]} */
function request(path, media, body) {
  const schema = body.schema ?? {};
  const isSound = media.startsWith("audio/");
  return [
    el("h3", {}, "Body: ", el("code", {}, media)),
    schema.properties ? table(fieldsOf(schema)) : el("p", {}, ...kind(schema), isSound ? " of bytes, the audio file" : ""),
    ...(isSound ? [] : [el("pre", { tabindex: "0" }, command(path, media, body))]),
  ];
}

/** @param {string} status @param {Answer} answer @returns {Node} */
function response(status, answer) {
  const [media, content] = Object.entries(answer.content ?? {})[0] ?? ["", {}];
  const schema = content.schema;
  const form = schema && (schema.$ref || schema.anyOf || schema.type === "array") ? [" ", ...kind(schema)] : [];
  const line = el("p", {}, el("code", {}, status), " ", ...marked(answer.description ?? ""), ...form);
  if (content.example === undefined) return line;
  return el("div", {}, line, el("details", {}, el("summary", {}, `Example (${media})`), json(content.example)));
}

/** @param {string} path @param {string} method @param {Operation} operation */
function section(path, method, operation) {
  const parameters = (operation.parameters ?? []).map(
    (one) =>
      /** @type {[string, Schema, boolean]} */ ([
        one.name,
        { ...one.schema, description: `${one.description ?? ""} (${one.in})`.trim() },
        one.required ?? false,
      ]),
  );
  return el(
    "section",
    {},
    el("h2", {}, el("span", { class: "method" }, method.toUpperCase()), " ", el("code", {}, path)),
    el("p", {}, ...marked(operation.description ?? "")),
    ...(parameters.length ? [el("h3", {}, "Parameters"), table(parameters)] : []),
    ...Object.entries(operation.requestBody?.content ?? {}).flatMap(([media, body]) => request(path, media, body)),
    el("h3", {}, "Answers"),
    ...Object.entries(operation.responses).map(([status, answer]) => response(status, answer)),
  );
}

/** @param {Description} description @returns {Node[]} */
function page({ info, paths, components }) {
  return [
    el("h1", {}, "The HTTP interface"),
    ...info.description.split("\n\n").map((paragraph) => el("p", {}, ...marked(paragraph))),
    el("p", { class: "quiet" }, `Version ${info.version}. For programs: `, el("a", { href: "openapi.json" }, "openapi.json"), "."),
    ...Object.entries(paths).flatMap(([path, operations]) =>
      Object.entries(operations).map(([method, operation]) => section(path, method, operation)),
    ),
    el("h1", {}, "Forms of objects"),
    ...Object.entries(components.schemas).map(([name, schema]) =>
      el("section", { id: name }, el("h2", {}, name), el("p", {}, ...marked(schema.description ?? "")), table(fieldsOf(schema))),
    ),
  ];
}

try {
  byId("reference").append(...page(await (await fetch("openapi.json")).json()));
} catch {
  byId("reference").append(el("p", { class: "note" }, "The description could not be loaded. Load the page again."));
}
