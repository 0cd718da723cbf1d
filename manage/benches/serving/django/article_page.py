"""The page with one query, as a Django project of one file."""

import os
from urllib.parse import unquote, urlsplit

import django
from django.conf import settings

url = urlsplit(os.environ["DATABASE_URL"])
settings.configure(
    ALLOWED_HOSTS=["localhost"],
    DATABASES={
        "default": {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": unquote(url.path[1:]),
            "USER": unquote(url.username),
            "PASSWORD": unquote(url.password or ""),
            "HOST": url.hostname,
            "PORT": url.port,
            # Each thread keeps its connection.
            "CONN_MAX_AGE": None,
        }
    },
    MIDDLEWARE=[
        "django.middleware.security.SecurityMiddleware",
        "django.middleware.common.CommonMiddleware",
    ],
    ROOT_URLCONF=__name__,
    SECRET_KEY="of a benchmark",
)
django.setup()

from django.core.wsgi import get_wsgi_application  # noqa: E402
from django.db import models  # noqa: E402
from django.http import HttpResponse  # noqa: E402
from django.urls import path  # noqa: E402
from django.utils.html import format_html  # noqa: E402


class Article(models.Model):
    id = models.IntegerField(primary_key=True)
    title = models.TextField()
    text = models.TextField()

    class Meta:
        app_label = "article_page"
        db_table = "serving_articles"
        managed = False


def article(request, id):
    row = Article.objects.get(pk=id)
    return HttpResponse(
        format_html(
            '<!doctype html><title>{}</title><article id="a{}"><h1>{}</h1><p>{}</p></article>',
            row.title,
            row.id,
            row.title,
            row.text,
        )
    )


urlpatterns = [path("articles/<int:id>", article)]
application = get_wsgi_application()

if __name__ == "__main__":
    import sys

    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)
