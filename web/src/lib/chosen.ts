/** What somebody chose or dropped to import: files, and what is mail in the folders of other programs. */

/** One upload; of a folder, the files in it lie in `blob` one after the other. */
export interface Chosen {
  name: string;
  blob: Blob;
  files?: { name: string; size: number }[];
}

interface Found {
  /** Where it is, from the folder that was chosen on. */
  path: string;
  file: File;
}

const IN_MAILDIR = /(?:^|\/)(?:cur|new)\/[^/]+$/;
const BY_NAME = /\.(?:emlx?)$/i;
const MBOX = "From ";

/** Whether a file of a folder is mail: a Maildir's by its place, EML by its name, mbox by how it begins. */
export function isMail(path: string, beginning: string): boolean {
  return IN_MAILDIR.test(path) || BY_NAME.test(path) || beginning === MBOX;
}

/** Files that were chosen, or all those of a folder that was. */
export async function fromFiles(files: File[]): Promise<Chosen[]> {
  const [first] = files;
  if (!first?.webkitRelativePath) return files.map((file) => ({ name: file.name, blob: file }));
  return [await folder(files.map((file) => ({ path: file.webkitRelativePath, file })))];
}

/** What was dropped, folders too. What it is must be asked for before anything is waited for. */
export async function fromDrop(dropped: DataTransfer): Promise<Chosen[]> {
  const entries = [...dropped.items].map((item) => item.webkitGetAsEntry()).filter((entry) => entry !== null);
  return Promise.all(
    entries.map(async (entry) => {
      const found = await within(entry);
      return entry.isFile ? { name: entry.name, blob: found[0]!.file } : folder(found);
    }),
  );
}

async function folder(found: Found[]): Promise<Chosen> {
  const wanted = await Promise.all(found.map(async ({ path, file }) => isMail(path, await file.slice(0, MBOX.length).text())));
  const mail = found.filter((_, index) => wanted[index]);
  const below = (path: string) => path.slice(path.indexOf("/") + 1);
  return {
    name: found[0]?.path.split("/")[0] ?? "",
    blob: new Blob(mail.map(({ file }) => file)),
    files: mail.map(({ path, file }) => ({ name: below(path), size: file.size })),
  };
}

async function within(entry: FileSystemEntry): Promise<Found[]> {
  if (entry.isFile) {
    const file = await new Promise<File>((resolve, reject) => (entry as FileSystemFileEntry).file(resolve, reject));
    return [{ path: entry.fullPath.slice(1), file }];
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  const found: Found[] = [];
  for (;;) {
    const some = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject)); // a hundred at a time
    if (some.length === 0) return found;
    for (const each of some) found.push(...(await within(each)));
  }
}
