# SPDX-License-Identifier: GPL-2.0-only
# Sphinx: the pages in this directory, and those that selftests/vm/doc makes of the headers.
project = 'sriov_broker'
project_copyright = 'the sriov_broker authors'
html_theme = 'alabaster'
html_theme_options = {'description': 'SR-IOV virtual functions by lease', 'fixed_sidebar': True,
                      'page_width': '1100px', 'sidebar_width': '260px'}
html_show_sourcelink = False
html_static_path = []
# Manual pages, made by the same step.
html_extra_path = ['generated/extra']
highlight_language = 'none'
exclude_patterns = ['generated/extra']
nitpicky = True
