"""The course on Kubernetes: values, a chart, and what fills in the hub's greeting."""
