// Names devices as people do.
import { text } from "./texts.js";

// The first that matches: browsers also name those that they descend from.
const BROWSERS = [
  ["Edge", /Edg/],
  ["Opera", /OPR\//],
  ["Samsung Internet", /SamsungBrowser/],
  ["Firefox", /Firefox|FxiOS/],
  ["Chrome", /Chrome|CriOS/],
  ["Safari", /Safari/],
];
const SYSTEMS = [
  ["iPhone", /iPhone/],
  ["iPad", /iPad/],
  ["Android", /Android/],
  ["Windows", /Windows/],
  ["macOS", /Mac OS X/],
  ["ChromeOS", /CrOS/],
  ["Linux", /Linux/],
];

export function nameDevice(userAgent) {
  const [browser, system] = [BROWSERS, SYSTEMS].map(
    (known) => known.find(([, pattern]) => pattern.test(userAgent))?.[0],
  );
  if (browser && system) return text("device", { browser, system });
  return browser ?? system ?? (userAgent.slice(0, 60) || text("unknown-device"));
}

export function isPhone(userAgent) {
  return /iPhone|Android.*Mobile/.test(userAgent);
}
