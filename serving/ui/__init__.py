"""The pages for people, under `/ui`: one module a page, templates and static files beside them."""
