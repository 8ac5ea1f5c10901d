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
      "svelte/no-inline-styles": "error", // the page's policy would not apply them
      "svelte/no-navigation-without-resolve": "off", // there is no SvelteKit here
    },
  },
  // A view's script is a closure: its functions are counted, the whole is not.
  { files: ["**/*.svelte"], rules: { "max-lines-per-function": "off" } },
);
