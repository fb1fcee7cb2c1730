export { type TemplateOptions, template } from "./template.js";
