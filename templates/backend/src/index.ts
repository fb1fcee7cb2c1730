export { type TemplateOptions, template } from "./backend.js";
