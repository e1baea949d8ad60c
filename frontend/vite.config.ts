// How the page is built, and how `npm run dev` serves it on port 3030 with the server behind a proxy.
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import react from "@vitejs/plugin-react";
import type { Plugin } from "vite";
import { defineConfig } from "vitest/config";

/** Leaves a compressed copy beside every text file but the page, so that the server never compresses while it serves. */
function compressed(): Plugin {
  return {
    name: "compressed",
    apply: "build",
    writeBundle({ dir }) {
      for (const name of readdirSync(dir!, { recursive: true, encoding: "utf-8" })) {
        if (!/\.(js|css|svg)$/.test(name)) continue;
        const file = join(dir!, name);
        writeFileSync(`${file}.gz`, gzipSync(readFileSync(file), { level: 9 }));
      }
    },
  };
}

export default defineConfig({
  plugins: [react(), compressed()],
  base: "./", // the server replaces it with the path under which it is served: backend/page.py
  server: {
    port: 3030,
    proxy: { "/api": { target: process.env.BACKEND ?? "http://127.0.0.1:8000", ws: true } },
  },
  build: { chunkSizeWarningLimit: 1500 },
  test: { include: ["src/**/*.test.ts"] },
});
