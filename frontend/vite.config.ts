// How the page is built, and how `npm run dev` serves it on port 3030 with the server behind a proxy.

import { createHash } from "node:crypto";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import react from "@vitejs/plugin-react";
import { build, type Plugin, type Rollup } from "vite";
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

/** The files of the chunks with these names, with all that they import at once. */
function filesOf(bundle: Rollup.OutputBundle, names: readonly string[]): Set<string> {
  const needed = new Set<string>();
  function add(fileName: string) {
    const file = bundle[fileName];
    if (file?.type !== "chunk" || needed.has(fileName)) return;
    needed.add(fileName);
    file.viteMetadata?.importedCss.forEach((css) => needed.add(css));
    file.imports.forEach(add);
  }
  for (const file of Object.values(bundle)) {
    if (file.type === "chunk" && (file.isEntry || file.isDynamicEntry) && names.includes(file.name)) add(file.fileName);
  }
  return needed;
}

/** Bytes over the line until the library is shown, in one language. */
const LARGEST_FIRST_LOAD = 500_000;

/** Ends the build where the first load has become too large: heavy parts are chunks of their own. */
function firstLoad(): Plugin {
  return {
    name: "first-load",
    apply: "build",
    generateBundle: {
      order: "post",
      handler(_, bundle) {
        const sizes = [...filesOf(bundle, ["index", "App", "zh-CN"])].map((name) => {
          const file = bundle[name]!;
          return gzipSync(file.type === "chunk" ? file.code : file.source, { level: 9 }).length;
        });
        const total = sizes.reduce((sum, size) => sum + size, 0);
        if (total > LARGEST_FIRST_LOAD)
          this.error(`The first load is ${total} bytes, more than ${LARGEST_FIRST_LOAD}.`);
        this.info(`The first load is ${total} bytes.`);
      },
    },
  };
}

/** Chunks that the page needs to show its frame without a network. The heavy parts are stored when they are first used. */
const FRAME = ["index", "App", "zh-CN", "en"];

/** Builds the service worker as one file that knows the files of the frame, each with a checksum. */
function serviceWorker(): Plugin {
  let entries: { url: string; revision: string }[] = [];
  return {
    name: "service-worker",
    apply: "build",
    generateBundle: {
      order: "post",
      handler(_, bundle) {
        entries = ["index.html", ...filesOf(bundle, FRAME)].flatMap((url) => {
          const file = bundle[url];
          if (!file) return [];
          const content = file.type === "chunk" ? file.code : file.source;
          return [{ url, revision: createHash("sha256").update(content).digest("hex").slice(0, 16) }];
        });
      },
    },
    async writeBundle({ dir }) {
      await build({
        configFile: false,
        logLevel: "warn",
        publicDir: false,
        define: { "self.__WB_MANIFEST": JSON.stringify(entries), "process.env.NODE_ENV": '"production"' },
        build: {
          outDir: dir!,
          emptyOutDir: false,
          rollupOptions: {
            input: "src/pwa/serviceWorker.ts",
            output: { format: "iife", entryFileNames: "sw.js" },
          },
        },
      });
    },
  };
}

export default defineConfig({
  plugins: [react(), serviceWorker(), firstLoad(), compressed()],
  base: "./", // the server replaces it with the path under which it is served: backend/page.py
  server: {
    port: 3030,
    proxy: { "/api": { target: process.env.BACKEND ?? "http://127.0.0.1:8000", ws: true } },
  },
  build: { chunkSizeWarningLimit: 1500 },
  test: { include: ["src/**/*.test.ts"] },
});
