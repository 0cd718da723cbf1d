CREATE TYPE stage AS ENUM ('draft', 'live');
CREATE TABLE visits (
    id uuid PRIMARY KEY,
    about jsonb NOT NULL,
    stage stage NOT NULL
);
