// SPDX-License-Identifier: MIT

package main

import (
	"encoding/json"
	"strings"
	"unicode"

	"github.com/buger/jsonparser"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"
)

// A row of scan_histories, the table as GORM makes it.
type ScanHistory struct {
	Namespace   string `gorm:"primaryKey;type:varchar(100)"`
	Name        string `gorm:"primaryKey;type:varchar(100)"`
	Kind        string `gorm:"primaryKey;type:varchar(100)"`
	Container   string `gorm:"primaryKey;type:varchar(100)"`
	Allocations string `gorm:"type:varchar(1000)"`
	Recommended string `gorm:"type:varchar(1000)"`
	Pods        int
}

// What stands within braces, without control and space characters. Empty where
// a brace is left open.
func extract(log string, repaired bool) string {
	if repaired {
		return dropSpace(withinBraces(log))
	}
	return dropSpace(withinBracesByAppending(log))
}

// In time that grows with the square of the log.
func withinBracesByAppending(log string) string {
	var open []rune
	found := ""
	for _, r := range log {
		if r == '{' {
			open = append(open, r)
		}
		if len(open) > 0 {
			found += string(r)
		}
		if r == '}' && len(open) > 0 {
			open = open[:len(open)-1]
		}
	}
	if len(open) > 0 {
		return ""
	}
	return found
}

func withinBraces(log string) string {
	var open []rune
	var found strings.Builder
	for _, r := range log {
		if r == '{' {
			open = append(open, r)
		}
		if len(open) > 0 {
			found.WriteRune(r)
		}
		if r == '}' && len(open) > 0 {
			open = open[:len(open)-1]
		}
	}
	if len(open) > 0 {
		return ""
	}
	return found.String()
}

func dropSpace(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.IsSpace(r) {
			return -1
		}
		return r
	}, text)
}

func parse(report []byte) ([]ScanHistory, error) {
	var scans []ScanHistory
	var failed error
	_, err := jsonparser.ArrayEach(report, func(scan []byte, _ jsonparser.ValueType, _ int, _ error) {
		row, err := parseScan(scan)
		if err != nil && failed == nil {
			failed = err
		}
		scans = append(scans, row)
	}, "scans")
	if err != nil {
		return nil, err
	}
	return scans, failed
}

func parseScan(scan []byte) (ScanHistory, error) {
	var row ScanHistory
	fields := []struct {
		to   *string
		path []string
	}{
		{&row.Namespace, []string{"object", "namespace"}},
		{&row.Name, []string{"object", "name"}},
		{&row.Kind, []string{"object", "kind"}},
		{&row.Container, []string{"object", "container"}},
		{&row.Allocations, []string{"object", "allocations"}},
		{&row.Recommended, []string{"recommended"}},
	}
	for _, field := range fields {
		value, _, _, err := jsonparser.Get(scan, field.path...)
		if err != nil {
			return row, err
		}
		*field.to = string(value)
	}
	value, _, _, err := jsonparser.Get(scan, "object", "pods")
	if err != nil {
		return row, err
	}
	var pods []any
	if err := json.Unmarshal(value, &pods); err != nil {
		return row, err
	}
	row.Pods = len(pods)
	return row, nil
}

// In one statement, which holds 65535 parameters at most; or in many of one
// transaction.
func upsert(db *gorm.DB, scans []ScanHistory, repaired bool) error {
	onConflict := clause.OnConflict{
		Columns:   []clause.Column{{Name: "namespace"}, {Name: "name"}, {Name: "kind"}, {Name: "container"}},
		DoUpdates: clause.AssignmentColumns([]string{"allocations", "recommended", "pods"}),
	}
	if repaired {
		return db.Clauses(onConflict).CreateInBatches(&scans, 1000).Error
	}
	return db.Clauses(onConflict).Create(&scans).Error
}
