/** The body of a message between the editor and the mail: pictures by cid, text from HTML and back. */

/** HTML for the editor: pictures of the message itself have addresses that can be shown. */
export function shown(html: string, address: (cid: string) => string | null): string {
  const tree = new DOMParser().parseFromString(html, "text/html");
  for (const picture of tree.querySelectorAll("img")) {
    const cid = /^cid:(.+)$/i.exec(picture.getAttribute("src") ?? "")?.[1];
    const found = cid && address(decodeURIComponent(cid));
    if (!found) continue;
    picture.setAttribute("src", found);
    picture.setAttribute("data-cid", cid);
  }
  return tree.body.innerHTML;
}

/** HTML for the mail: pictures are named by their cid again. */
export function outgoing(html: string): string {
  const tree = new DOMParser().parseFromString(html, "text/html");
  for (const picture of tree.querySelectorAll("img[data-cid]")) {
    picture.setAttribute("src", `cid:${picture.getAttribute("data-cid")}`);
    picture.removeAttribute("data-cid");
  }
  return tree.body.innerHTML;
}

const BLOCK = /^(DIV|P|UL|OL|LI|BLOCKQUOTE|PRE|TABLE|TR|H[1-6])$/;

/** The plain text that says the same: quotes by `>`, list items by a bullet. */
export function textOf(html: string): string {
  const tree = new DOMParser().parseFromString(html, "text/html");
  return lines(tree.body).join("\n").replace(/\n{3,}/g, "\n\n").trimEnd();
}

function lines(node: Node): string[] {
  const found: string[] = [];
  let line = "";
  const end = () => {
    if (line.trim()) found.push(line.replace(/\s+$/, ""));
    line = "";
  };
  for (const child of node.childNodes) {
    if (child instanceof Text) line += child.data.replace(/[ \t\n]+/g, " ");
    else if (!(child instanceof HTMLElement)) continue;
    else if (child.tagName === "BR") {
      found.push(line);
      line = "";
    } else if (BLOCK.test(child.tagName)) {
      end();
      found.push(...block(child));
    } else line += lines(child).join("\n");
  }
  end();
  return found;
}

function block(element: HTMLElement): string[] {
  const inside = element.tagName === "PRE" ? (element.textContent ?? "").split("\n") : lines(element);
  if (element.tagName === "BLOCKQUOTE") return inside.map((line) => (line.startsWith(">") ? `>${line}` : `> ${line}`));
  if (element.tagName === "LI") return inside.map((line, at) => (at ? `  ${line}` : `- ${line}`));
  return element.tagName === "P" ? [...inside, ""] : inside;
}

/** HTML that shows plain text as it is. */
export function textToHtml(text: string): string {
  const holder = document.createElement("div");
  return text
    .split("\n")
    .map((line) => {
      holder.textContent = line;
      return `<div>${holder.innerHTML || "<br>"}</div>`;
    })
    .join("");
}
