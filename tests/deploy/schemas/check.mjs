// node check.mjs SOURCE.ts TYPE FILE…: whether JSON files are of a type; each fault on a line, exit code 1.
import { readFileSync } from "node:fs";
import { Ajv } from "ajv";
import { createGenerator } from "ts-json-schema-generator";

const [path, type, ...files] = process.argv.slice(2);
const schema = createGenerator({ path, type, skipTypeCheck: true, tsconfig: "tsconfig.json" }).createSchema(type);
const fits = new Ajv({ allErrors: true, strict: false }).compile(schema);
for (const file of files) {
  if (fits(JSON.parse(readFileSync(file, "utf8")))) continue;
  process.exitCode = 1;
  for (const { instancePath, message, params, keyword } of fits.errors) {
    if (keyword === "if") continue; // says only that another one failed
    const unknown = params.additionalProperty ? `/${params.additionalProperty}` : "";
    console.error(`${file}: ${instancePath}${unknown} ${message} ${JSON.stringify(params)}`);
  }
}
