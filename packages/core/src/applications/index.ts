export { type NetworkName, simple, tutorial } from "./mnistNetworks.js";
