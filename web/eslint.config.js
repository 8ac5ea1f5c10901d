import svelte from "eslint-plugin-svelte";
import globals from "globals";
import ts from "typescript-eslint";
import svelteConfig from "./svelte.config.js";

export default ts.config(
  { ignores: ["out/", "node_modules/"] },
  ...ts.configs.recommended,
  ...svelte.configs.recommended,
  { languageOptions: { globals: { ...globals.browser } } },
  {
    files: ["**/*.svelte", "**/*.svelte.ts"],
    languageOptions: { parserOptions: { parser: ts.parser, extraFileExtensions: [".svelte"], svelteConfig } },
  },
  {
    rules: {
      eqeqeq: "error",
      "max-lines": ["error", { max: 350, skipBlankLines: true }],
      "max-lines-per-function": ["error", { max: 50, skipBlankLines: true }],
      "no-eval": "error",
      "no-console": "error",
      "svelte/no-at-html-tags": "error", // foreign HTML lives in the sandboxed frame, and in the editor through DOMPurify
      "svelte/no-navigation-without-resolve": "off", // there is no SvelteKit here
      "svelte/prefer-svelte-reactivity": "off", // what is watched is a SvelteMap by choice; the rest is plain on purpose
    },
  },
  { files: ["src/lib/i18n/*.ts"], rules: { "max-lines": "off" } }, // a catalogue is as long as there is to say
  // A view's script is a closure: its functions are counted, the whole is not.
  { files: ["**/*.svelte"], rules: { "max-lines-per-function": "off" } },
);
