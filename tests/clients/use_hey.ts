// Uses what @hey-api/openapi-ts made: `node use_hey.js URL`, checked by tsc --strict.
import {
  blenderCreateCube,
  blenderImport,
  blenderImportArtifact,
  blenderPreview,
  blenderUpdateObject,
  freecadCreateBox,
  gatewayStoreArtifact,
} from "./hey";
import { client } from "./hey/client.gen";

const STL = "solid a\nfacet normal 0 0 1\nouter loop\nvertex 0 0 0\nvertex 1 0 0\nvertex 0 1 0\nendloop\nendfacet\nendsolid a\n";

function check(holds: boolean, what: string): void {
  if (!holds) throw new Error(what);
}

async function main(url: string): Promise<void> {
  client.setConfig({ baseUrl: url });
  const made = await blenderCreateCube({ body: { name: "Hey", size: 2, location: [1, 2, 3] } });
  check(made.data !== undefined && "name" in made.data.result && made.data.result.name === "Hey", "create");
  const changed = await blenderUpdateObject({ path: { name: "Hey" }, body: { location: [0, 0, 1] } });
  check(changed.data !== undefined && "location" in changed.data.result, "update");
  const box = await freecadCreateBox({ body: { length: "2 in" } });
  check(box.data !== undefined && "name" in box.data.result, "create in FreeCAD");
  const picture = await blenderPreview();
  check(picture.data instanceof Blob && picture.data.size > 100, "picture");
  const kept = await gatewayStoreArtifact({ body: { file: new File([STL], "a.stl") } });
  check(kept.data !== undefined, "upload");
  const brought = await blenderImport({ body: { file: new File([STL], "b.stl") } });
  check(brought.data !== undefined && "objects" in brought.data.result, "import");
  const known = await blenderImportArtifact({ body: { artifact: kept.data?.result.id ?? "" } });
  check(known.data !== undefined, "import of an artifact");
  const wrong = await blenderCreateCube({ body: { size: -1 } });
  check(wrong.error !== undefined && wrong.error.error.code === "validation_error", "error");
  console.log("hey-api: ok");
}

main(process.argv[2] ?? "").catch((error: unknown) => {
  console.error(error);
  process.exit(1);
});
