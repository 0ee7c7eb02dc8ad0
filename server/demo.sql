CREATE TABLE plants (
    id     int PRIMARY KEY,
    name   text NOT NULL UNIQUE,
    family text NOT NULL,
    price  numeric(8,2) NOT NULL CHECK (price > 0),
    stock  int NOT NULL DEFAULT 0
);
CREATE TABLE orders (
    id       int PRIMARY KEY,
    plant_id int NOT NULL REFERENCES plants (id),
    quantity int NOT NULL,
    ordered  timestamptz NOT NULL DEFAULT now()
);
INSERT INTO plants VALUES
    (1, 'rowan', 'Rosaceae', 24.50, 12),
    (2, 'hawthorn', 'Rosaceae', 19.00, 30),
    (3, 'silver birch', 'Betulaceae', 32.00, 8),
    (4, 'common alder', 'Betulaceae', 21.75, 15),
    (5, 'field maple', 'Sapindaceae', 28.00, 10),
    (6, 'small-leaved lime', 'Malvaceae', 41.20, 4);
INSERT INTO orders (id, plant_id, quantity) VALUES (1, 1, 2), (2, 3, 1), (3, 1, 1), (4, 6, 2);
UPDATE plants SET stock = stock - 3 WHERE id = 1;
UPDATE plants SET price = round(price * 1.05, 2) WHERE family = 'Rosaceae';
