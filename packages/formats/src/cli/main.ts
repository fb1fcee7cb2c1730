#!/usr/bin/env node
import { runCommand } from "./commandLine.js";

process.exitCode = await runCommand(process.argv.slice(2), console.log, console.error);
