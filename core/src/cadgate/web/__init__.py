"""Everything of HTTP that is no route: the gate, bodies, routing, dependencies, files up and down, errors, metrics."""
