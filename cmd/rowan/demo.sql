-- A nursery's price list, with its orders.
CREATE TABLE plants (
    id    int PRIMARY KEY,
    name  text NOT NULL UNIQUE,
    price numeric(8,2) NOT NULL CHECK (price > 0),
    stock int NOT NULL DEFAULT 0
);
INSERT INTO plants VALUES (1, 'rowan', 24.50, 12), (2, 'hawthorn', 19.00, 30), (3, 'silver birch', 32.00, 8);

-- A branch is there at once, whatever the size of the data.
SELECT rowan.create_branch('dev');

-- On the branch: the prices of next year, a new plant, and one that goes. To connect there, add /dev to the database's name.
\c dev
UPDATE plants SET price = price + 2 WHERE id IN (1, 2);
INSERT INTO plants VALUES (4, 'field maple', 28.00, 10);
DELETE FROM plants WHERE id = 3;

-- Meanwhile, main goes on: somebody buys a rowan. It knows nothing of the branch.
\c main
UPDATE plants SET stock = stock - 1 WHERE id = 1;
SELECT * FROM plants ORDER BY id;

-- What differs, row by row.
SELECT diff_type, from_name, from_price, from_stock, to_name, to_price, to_stock FROM rowan.diff('main', 'dev', 'plants');

-- What a merge would do; then the merge. The rowan gets the branch's price and keeps main's stock: merges are by cell.
SELECT status, inserts, updates, deletes, conflicts FROM rowan.merge('dev', target => 'main', dry_run => true);
SELECT status, inserts, updates, deletes, conflicts FROM rowan.merge('dev', target => 'main');
SELECT * FROM plants ORDER BY id;

-- Nothing is lost: the table as it was before the last transaction.
SELECT * FROM plants AS OF '~1' ORDER BY id;
