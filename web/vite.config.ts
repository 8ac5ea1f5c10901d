import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig } from "vite";

/** `npm run dev` speaks to a `hongyan serve --port 8765` that runs beside it. */
const server = process.env.HONGYAN_SERVER ?? "http://127.0.0.1:8765";
const paths = ["/.well-known", "/jmap", "/session", "/message"];

export default defineConfig({
  plugins: [svelte()],
  build: {
    target: "es2022",
    outDir: "out",
    assetsInlineLimit: 0, // the page's policy lets no data: script or style in
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
  },
  server: { proxy: Object.fromEntries(paths.map((path) => [path, { target: server, changeOrigin: true }])) },
});
