"""SuiteCRM 7 and 8 and Sugar 6.5 CE: the older dialect, ``service/v4_1/rest.php``."""
