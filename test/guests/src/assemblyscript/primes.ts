// Counts primes below a limit given as an argument; `twice` of a name that is not a number ends with 3, no argument traps.
const limit = I32.parseInt(process.argv[1]);
if (limit <= 0) {
  process.stderr.write("not a number: " + process.argv[1] + "\n");
  process.exit(3);
}
const composite = new StaticArray<bool>(limit);
let count = 0;
let last = 0;
for (let n = 2; n < limit; n++) {
  if (composite[n]) continue;
  count++;
  last = n;
  for (let m = n * 2; m < limit; m += n) composite[m] = true;
}
console.log(count.toString() + " primes below " + limit.toString() + ", the last is " + last.toString());
