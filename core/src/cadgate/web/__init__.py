"""Everything of HTTP but the routes: gate, bodies, routing, dependencies, uploads, downloads, errors, metrics."""
