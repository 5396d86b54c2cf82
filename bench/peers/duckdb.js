// duckdb.js DATABASE SQL - runs SQL, and prints the rows of the last statement as text.
const { DuckDBInstance } = require("@duckdb/node-api");

async function main() {
	const instance = await DuckDBInstance.create(process.argv[2]);
	const connection = await instance.connect();
	const result = await connection.runAndReadAll(process.argv[3]);
	process.stdout.write(result.getRows().map((row) => row.join(" ") + "\n").join(""));
	connection.closeSync();
}

main();
