"""What gunicorn serves. All that a page may need is imported before there are workers, once for all of them."""

import importlib

from django.conf import settings
from django.core.wsgi import get_wsgi_application

application = get_wsgi_application()
importlib.import_module(settings.ROOT_URLCONF)
