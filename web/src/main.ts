import { mount } from "svelte";
import "./styles/tokens.css";
import "./styles/base.css";
import Root from "./Root.svelte";
import { App } from "./lib/state/app.svelte";

performance.mark("hongyan:start");
const app = new App();
void app.start(); // asks the server while the texts come
await app.settings.apply();
mount(Root, { target: document.getElementById("page")!, props: { app } });
