// Uses what openapi-typescript made, by openapi-fetch: `node use_fetch.js URL`, checked by tsc --strict.
import createClient from "openapi-fetch";
import type { paths } from "./fetch_types";

const STL = "solid a\nfacet normal 0 0 1\nouter loop\nvertex 0 0 0\nvertex 1 0 0\nvertex 0 1 0\nendloop\nendfacet\nendsolid a\n";

function form(name: string): FormData {
  const made = new FormData();
  made.append("file", new Blob([STL]), name);
  return made;
}

function check(holds: boolean, what: string): void {
  if (!holds) throw new Error(what);
}

async function main(url: string): Promise<void> {
  const client = createClient<paths>({ baseUrl: url });
  const made = await client.POST("/api/v1/blender/primitives/cube", {
    body: { name: "Fetched", size: 2, location: [1, 2, 3] },
  });
  check(made.data !== undefined && "name" in made.data.result && made.data.result.name === "Fetched", "create");
  const changed = await client.PATCH("/api/v1/blender/objects/{name}", {
    params: { path: { name: "Fetched" } },
    body: { location: [0, 0, 1] },
  });
  check(changed.data !== undefined && "location" in changed.data.result, "update");
  const picture = await client.GET("/api/v1/blender/render/preview", { parseAs: "arrayBuffer" });
  check(picture.data !== undefined && new Uint8Array(picture.data)[1] === 0x50, "picture");
  // FormData is sent as it is; the schema's binary strings stand for its files.
  const kept = await client.POST("/api/v1/artifacts", { body: { file: "" }, bodySerializer: () => form("a.stl") });
  check(kept.data !== undefined, "upload");
  const brought = await client.POST("/api/v1/blender/import", {
    body: { file: "" },
    bodySerializer: () => form("b.stl"),
  });
  check(brought.data !== undefined && "objects" in brought.data.result, "import");
  const known = await client.POST("/api/v1/blender/import/artifact", {
    body: { artifact: kept.data?.result.id ?? "" },
  });
  check(known.data !== undefined, "import of an artifact");
  const wrong = await client.POST("/api/v1/blender/primitives/cube", { body: { size: -1 } });
  check(wrong.error !== undefined && wrong.error.error.code === "validation_error", "error");
  console.log("openapi-fetch: ok");
}

main(process.argv[2] ?? "").catch((error: unknown) => {
  console.error(error);
  process.exit(1);
});
