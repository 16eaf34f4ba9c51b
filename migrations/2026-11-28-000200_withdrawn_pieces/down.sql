DROP INDEX leaves_withdrawn;
