"""The OpenAPI document: each adapter's part, what its author need not write, and how the parts become one."""
